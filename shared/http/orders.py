"""In which orders a list's version rows stand, as SQL: what all numbered things are sorted by.

Each function here makes an order and its reverse, by name; a service puts its own together. What
has no value comes last, either way, but for `rank`.
"""

from collections.abc import Iterable

from shared.listing import Sort
from shared.search import Search

_LATE, _EARLY = "'9999-12-31 00:00Z'::timestamptz", "'0001-01-01 00:00Z'::timestamptz"
_LAST_DAY, _FIRST_DAY = "'9999-12-31'::date", "'0001-01-01'::date"
_FIRST = 10**9


def count(name: str) -> dict[str, Sort]:
    """By a number that everything has."""
    return _both(name, "bigint", f"t.{name}", f"t.{name}")


def place(name: str, among: Iterable[str]) -> dict[str, Sort]:
    """By where a word stands in this sequence."""
    words = ", ".join(f"'{word}'" for word in among)
    at = f"array_position(array[{words}], t.{name})"
    return _both(name, "bigint", at, at)


def rank(name: str) -> dict[str, Sort]:
    """By a small number; what has none stands behind the largest, in the reverse before it."""
    return _both(name, "integer", f"coalesce(t.{name}, 99)", f"coalesce(t.{name}, 99)")


def level(name: str) -> dict[str, Sort]:
    """By a small number."""
    return _both(name, "integer", f"coalesce(t.{name}, 99)", f"coalesce(t.{name}, 0)")


def word(name: str, column: str | None = None) -> dict[str, Sort]:
    """Without regard to case, in the order of code points: the same on every server."""
    said = f'lower(t.{column or name}) collate "C"'
    return _both(name, "text", f"coalesce({said}, chr(1114111))", f"coalesce({said}, '')")


def moment(name: str) -> dict[str, Sort]:
    """By a time."""
    rising, falling = f"coalesce(t.{name}, {_LATE})", f"coalesce(t.{name}, {_EARLY})"
    return _both(name, "timestamptz", rising, falling)


def day(name: str) -> dict[str, Sort]:
    """By a date."""
    rising, falling = f"coalesce(t.{name}, {_LAST_DAY})", f"coalesce(t.{name}, {_FIRST_DAY})"
    return _both(name, "date", rising, falling)


def _both(name: str, kind: str, rising: str, falling: str) -> dict[str, Sort]:
    return {name: Sort(rising, kind, False), f"-{name}": Sort(falling, kind, True)}


def by_relevance(rank: str, search: Search, number: int | None) -> Sort:
    """The number that was asked for, then the best match by `rank`, SQL with a hole for a query."""
    named = "false" if number is None else f"t.number = {number}"
    best = f"case when {named} then {_FIRST} else coalesce({rank}, 0) end"
    return Sort(best, "bigint", True, search.tsquery())
