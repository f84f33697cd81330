"""The filters of problems as SQL conditions on the version rows."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.problem.lists.filters import Mine, ProblemFilters
from shared import search
from shared.auth.caller import Caller
from shared.errors import Invalid
from shared.http.lists import WHEN
from shared.http.pages import unquoted
from shared.restrictions import not_derived, visible_to
from shared.search import Search

Condition = tuple[str, Any]
"""SQL over `t`, and the value of the hole in it."""

_NOBODYS = "none"
_NUMBER = re.compile(r"(PRB-)?(\d{1,18})", re.ASCII | re.IGNORECASE)
_KEYS = {
    "status": "t.status",
    "service": "t.service",
    "item": "t.item",
    "category": "t.category",
    "subcategory": "t.subcategory",
    "group": "t.assignment_group",
    "assigned_to": "t.assigned_to",
    "owner": "t.owner",
    "workaround": "t.workaround",
    "source": "t.source",
    "external_ref": "t.external_ref",
}
_LEVELS = {"priority": "t.priority", "impact": "t.impact", "urgency": "t.urgency"}
_SIGNS = (("after", ">"), ("before", "<"))
_TIMES = {
    f"{name}_{side}": f"t.{name}_at {sign} {{}}::timestamptz"
    for name in ("started", "root_cause", "resolved", "closed")
    for side, sign in _SIGNS
}
_DAYS = {
    f"{name}_{side}": f"t.{name}_date {sign} {{}}::date"
    for name in ("target", "review")
    for side, sign in _SIGNS
}
_OPEN = "t.status in ('new', 'assessing', 'root_cause_analysis', 'fix_in_progress')"
_CAME_BACK = """exists (select 1 from problem_recurrences beside
    where beside.problem = t.id and {then} and beside.incidents <> '[]')"""
_FLAGS = {
    "open": _OPEN,
    "major": "t.major",
    "imported": "t.imported",
    "has_root_cause": "t.root_cause_at is not null",
    "has_open_tasks": "t.open_tasks > 0",
    "reanalysed": "t.reanalysis_count > 0",
    "reassigned": "t.reassignment_count > 0",
    "recurred": _CAME_BACK,
}
_MINE = {
    Mine.ASSIGNED: "t.assigned_to = ({}::text[])[1]",
    Mine.OWNED: "t.owner = ({}::text[])[1]",
    Mine.GROUP: "t.assignment_group = any(({}::text[])[2:])",
}
_NAMED = """(
    select x::uuid from jsonb_array_elements_text({}::jsonb -> 'ids') x union all
    select n.id from jsonb_array_elements({}::jsonb -> 'numbers') x
    join problems n on n.number = x::bigint and n.to_position is null)"""
_KNOWN = """exists (select 1 from known_errors beside
    where beside.problem = t.id and {then}%s)"""
_OF_WORDS = """t.id in (select x.problem from problem_texts x
    where x.document @@ to_tsquery('simple', {}))"""
_OF_WORDS_OR_NUMBER = """t.id in (select x.problem from problem_texts x
    where x.document @@ to_tsquery('simple', {}) union all
    select n.id from problems n where n.to_position is null and n.number = %s)"""


def by_filter(filters: ProblemFilters, caller: Caller) -> dict[str, list[Condition]]:
    """The conditions of each filter that is stated. Raises Invalid."""
    stated = {n: v for n in _MADE if (v := getattr(filters, n)) is not None}
    found = {name: list(_MADE[name](name, value, caller)) for name, value in stated.items()}
    if "duplicate_of" in found:  # of a problem that is hidden nothing is told by another
        unhidden = f"(t.duplicate_of is null or {not_derived('t.duplicate_of')})"
        found["duplicate_of"] += visible_to(caller, unhidden)
    return found


def search_of(q: str) -> Search:
    """A full-text query, understood. Raises Invalid."""
    found = search.read(q)
    if found is None:
        raise Invalid(("query:q", "holds no word to search for; give a word, or part of one"))
    return found


def number_in(q: str) -> int | None:
    """The number of a problem, where the whole query is one."""
    found = _NUMBER.fullmatch(q.strip())
    return int(found[2]) if found else None


def _keys(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    named = [each for value in values for each in _meant(name, value, caller)]
    yield _any_of(_KEYS[name], "text", named, or_none=_NOBODYS in values)


def _levels(name: str, values: Sequence[int | str], caller: Caller) -> Iterator[Condition]:
    named = [value for value in values if value != _NOBODYS]
    yield _any_of(_LEVELS[name], "smallint", named, or_none=_NOBODYS in values)


def _meant(name: str, value: str, caller: Caller) -> Sequence[str]:
    if value == _NOBODYS:
        return ()
    if value == "me" and name in ("assigned_to", "owner"):
        return (caller.id,)
    if value == "me" and name == "group":
        return sorted(caller.teams)
    return (unquoted(value),)


def _any_of(column: str, kind: str, named: Sequence[Any], *, or_none: bool) -> Condition:
    if or_none and not named:
        return f"{column} is null", None
    condition = f"{column} = any({{}}::{kind}[])"
    return f"({condition} or {column} is null)" if or_none else condition, list(named)


def _ids(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    known: dict[str, list[Any]] = {"ids": [], "numbers": []}
    for value in values:
        if number := _NUMBER.fullmatch(value):
            known["numbers"].append(int(number[2]))
        elif value != _NOBODYS or name == "id":
            known["ids"].append(_uuid(name, value))
    condition = f"t.{name} in {_NAMED}"
    if _NOBODYS not in values:
        yield condition, known
    elif any(known.values()):
        yield f"({condition} or t.{name} is null)", known
    else:
        yield f"t.{name} is null", None


def _uuid(name: str, value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        detail = f"{value} is neither an id nor a number such as PRB-1"
        raise Invalid((f"query:{name}", detail)) from None


def _known_errors(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    named = [value for value in values if value != _NOBODYS]
    some = _KNOWN % " and beside.status = any({}::text[])"
    if _NOBODYS not in values:
        yield some, named
    elif named:
        yield f"({some} or not {_KNOWN % ''})", named
    else:
        yield f"not {_KNOWN % ''}", None


def _mine(name: str, values: Sequence[Mine], caller: Caller) -> Iterator[Condition]:
    said = " or ".join(_MINE[each] for each in dict.fromkeys(values))
    yield f"({said})", [caller.id, *sorted(caller.teams)]


def _tags(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    sign = "?|" if name == "tag" else "?&"
    yield f"t.tags {sign} {{}}::text[]", [unquoted(value) for value in values]


def _incidents(name: str, values: Sequence[UUID], caller: Caller) -> Iterator[Condition]:
    yield "t.incidents ?| ({}::uuid[])::text[]", list(values)


def _candidates(name: str, values: Sequence[UUID], caller: Caller) -> Iterator[Condition]:
    yield "t.candidate = any({}::uuid[])", list(values)


def _flag(name: str, value: bool, caller: Caller) -> Iterator[Condition]:
    yield (_FLAGS[name] if value else f"not ({_FLAGS[name]})"), None


def _compared(name: str, value: Any, caller: Caller) -> Iterator[Condition]:
    yield _WHEN[name], value


def _words(name: str, value: str, caller: Caller) -> Iterator[Condition]:
    number = number_in(value)
    sql = _OF_WORDS if number is None else _OF_WORDS_OR_NUMBER % number
    yield sql, search_of(value).tsquery()


def _without(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    for value in values:
        field, _, excluded = value.partition(":")
        if field not in _EXCLUDING:
            raise Invalid((f"query:{name}", f"{field} is none of {', '.join(sorted(_EXCLUDING))}"))
        try:
            only = ProblemFilters.model_validate({field: [excluded]})
        except ValidationError as failure:
            detail = f"{field}: {failure.errors()[0]['msg']}"
            raise Invalid((f"query:{name}", detail)) from None
        for sql, argument in _MADE[field](field, getattr(only, field), caller):
            yield f"({sql}) is not true", argument


_WHEN = WHEN | _TIMES | _DAYS
_MADE: dict[str, Callable[[str, Any, Caller], Iterator[Condition]]] = {
    **dict.fromkeys(("id", "duplicate_of"), _ids),
    **dict.fromkeys(_KEYS, _keys),
    **dict.fromkeys(_LEVELS, _levels),
    **dict.fromkeys(_FLAGS, _flag),
    "mine": _mine,
    "known_error": _known_errors,
    "tag": _tags,
    "all_tags": _tags,
    "incident": _incidents,
    "candidate": _candidates,
    **dict.fromkeys(_WHEN, _compared),
    "without": _without,
    "q": _words,
}
_EXCLUDING = {"id", "tag", "known_error", *_KEYS, *_LEVELS}
