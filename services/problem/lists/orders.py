"""In which orders problems are listed. What has no value comes last, either way."""

from services.problem.rules import Status
from shared.http.lists import CHANGED
from shared.listing import Sort
from shared.search import Search

_LATE, _EARLY = "'9999-12-31 00:00Z'::timestamptz", "'0001-01-01 00:00Z'::timestamptz"
_LAST_DAY, _FIRST_DAY = "'9999-12-31'::date", "'0001-01-01'::date"
_STATUSES = ", ".join(f"'{status}'" for status in Status)


def _both(name: str, kind: str, rising: str, falling: str) -> dict[str, Sort]:
    return {name: Sort(rising, kind, False), f"-{name}": Sort(falling, kind, True)}


def _number(name: str, expression: str) -> dict[str, Sort]:
    return _both(name, "bigint", expression, expression)


def _level(name: str) -> dict[str, Sort]:
    return _both(name, "integer", f"coalesce(t.{name}, 99)", f"coalesce(t.{name}, 0)")


def _word(name: str, column: str) -> dict[str, Sort]:
    """Without regard to case, in the order of code points: the same on every server."""
    word = f'lower({column}) collate "C"'
    return _both(name, "text", f"coalesce({word}, chr(1114111))", f"coalesce({word}, '')")


def _time(name: str) -> dict[str, Sort]:
    rising, falling = f"coalesce(t.{name}, {_LATE})", f"coalesce(t.{name}, {_EARLY})"
    return _both(name, "timestamptz", rising, falling)


def _day(name: str) -> dict[str, Sort]:
    return _both(
        name, "date", f"coalesce(t.{name}, {_LAST_DAY})", f"coalesce(t.{name}, {_FIRST_DAY})"
    )


SORTS: dict[str, Sort] = {
    **CHANGED,
    **_number("number", "t.number"),
    "priority": Sort("coalesce(t.priority, 99)", "integer", False),
    "-priority": Sort("coalesce(t.priority, 99)", "integer", True),
    **_level("impact"),
    **_level("urgency"),
    **_number("status", f"array_position(array[{_STATUSES}], t.status)"),
    **_word("title", "t.title"),
    **_word("service", "t.service"),
    **_word("item", "t.item"),
    **_word("category", "t.category"),
    **_word("group", "t.assignment_group"),
    **_word("assigned_to", "t.assigned_to"),
    **_word("owner", "t.owner"),
    **_day("target_date"),
    **_day("review_date"),
    **_time("started_at"),
    **_time("root_cause_at"),
    **_time("resolved_at"),
    **_time("closed_at"),
    **_number("open_tasks", "t.open_tasks"),
    **_number("reanalysis_count", "t.reanalysis_count"),
    **_number("reassignment_count", "t.reassignment_count"),
}
"""By name, but for relevance: that depends on what is searched for."""

_RANK = """(select (max(ts_rank(x.document, to_tsquery('simple', {}))) * 1e6)::bigint
    from problem_texts x where x.problem = t.id)"""
_FIRST = 10**9


def by_relevance(search: Search, number: int | None) -> Sort:
    """The number that was asked for, then the best match; a title's word counts for more."""
    named = "false" if number is None else f"t.number = {number}"
    rank = f"case when {named} then {_FIRST} else coalesce({_RANK}, 0) end"
    return Sort(rank, "bigint", True, search.tsquery())
