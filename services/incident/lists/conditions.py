"""The filters of incidents as SQL conditions on the version rows."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.incident.lists.filters import IncidentFilters, Mine, Sla
from services.incident.relations.events import LinkKind
from shared import search
from shared.auth.caller import Caller
from shared.errors import Invalid
from shared.http.lists import WHEN
from shared.http.pages import unquoted
from shared.restrictions import not_shut
from shared.restrictions import visible_to as admitted
from shared.search import Search

Condition = tuple[str, Any]
"""SQL over `t`, and the value of the hole in it."""

_NOBODYS = "none"
_OTHERS = {"parent", "merged_into"}
_NUMBER = re.compile(r"(INC-)?(\d{1,18})", re.ASCII | re.IGNORECASE)
_KEYS = {
    "status": "t.status",
    "service": "t.service",
    "item": "t.item",
    "category": "t.category",
    "subcategory": "t.subcategory",
    "group": "t.assignment_group",
    "assigned_to": "t.assigned_to",
    "reporter": "t.reporter",
    "source": "t.source",
    "external_ref": "t.external_ref",
    "hold_reason": "t.hold_reason",
    "resolution_code": "t.resolution_code",
    "known_error": "t.known_error",
    "major": "t.major",
}
_LEVELS = {"priority": "t.priority", "impact": "t.impact", "urgency": "t.urgency"}
_TIMES = {
    f"{name}_{side}": f"t.{name}_at {sign} {{}}::timestamptz"
    for name in ("started", "detected", "acknowledged", "mitigated", "resolved", "closed")
    for side, sign in (("after", ">"), ("before", "<"))
}
_OPEN = "t.status in ('new', 'in_progress', 'on_hold')"
_FLAGS = {
    "restricted": ("t.restricted", "not t.restricted"),
    "escalated": ("t.escalation_count > 0", "t.escalation_count = 0"),
    "has_children": ("t.child_count > 0", "t.child_count = 0"),
    "open": (_OPEN, f"not {_OPEN}"),
    "reopened": ("t.reopen_count > 0", "t.reopen_count = 0"),
    "imported": ("t.imported", "not t.imported"),
    "reassigned": ("t.reassignment_count > 0", "t.reassignment_count = 0"),
}
_MINE = {
    Mine.ASSIGNED: "t.assigned_to = ({}::text[])[1]",
    Mine.REPORTED: "t.reporter = ({}::text[])[1]",
    Mine.GROUP: "t.assignment_group = any(({}::text[])[2:])",
}
_NAMED = """(
    select x::uuid from jsonb_array_elements_text({}::jsonb -> 'ids') x union all
    select n.id from jsonb_array_elements({}::jsonb -> 'numbers') x
    join incidents n on n.number = x::bigint and n.to_position is null)"""
_OF_PROBLEMS = """t.problem in (select p.id from problem_copies p
    where p.number = any({}::text[]) or p.id::text = any({}::text[]))"""
_OF_WORDS = """t.id in (select x.id from incident_texts x
    where x.document @@ to_tsquery('simple', {}))"""
_OF_WORDS_OR_NUMBER = """t.id in (select x.id from incident_texts x
    where x.document @@ to_tsquery('simple', {}) union all
    select n.id from incidents n where n.to_position is null and n.number = %s)"""
_SLA = {
    Sla.BREACHED: "beside.state = 'breached'",
    Sla.AT_RISK: "beside.state in ('running', 'paused') and beside.warned_at is not null",
}


def conditions(filters: IncidentFilters, caller: Caller) -> list[Condition]:
    """All that these filters ask, as this caller means it. Raises Invalid."""
    return [each for found in by_filter(filters, caller).values() for each in found]


def by_filter(filters: IncidentFilters, caller: Caller) -> dict[str, list[Condition]]:
    """The conditions of each filter that is stated. Raises Invalid."""
    stated = {n: v for n in _MADE if (v := getattr(filters, n)) is not None}
    found = {name: list(_MADE[name](name, value, caller)) for name, value in stated.items()}
    for name in _OTHERS & found.keys():  # of an incident that is hidden nothing is told by another
        found[name] += admitted(caller, f"(t.{name} is null or {not_shut('t.' + name)})")
    return found


def search_of(q: str) -> Search:
    """A full-text query, understood. Raises Invalid."""
    found = search.read(q)
    if found is None:
        raise Invalid(("query:q", "holds no word to search for; give a word, or part of one"))
    return found


def number_in(q: str) -> int | None:
    """The number of an incident, where the whole query is one."""
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
    if value == "me" and name in ("assigned_to", "reporter"):
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
        detail = f"{value} is neither an id nor a number such as INC-1"
        raise Invalid((f"query:{name}", detail)) from None


def _problems(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    named = [unquoted(v) for v in values if v != _NOBODYS]
    spelt = [spelling for each in named for spelling in (each.upper(), each.lower())]
    if _NOBODYS not in values:
        yield _OF_PROBLEMS, spelt
    else:
        yield (
            (f"({_OF_PROBLEMS} or t.problem is null)", spelt)
            if spelt
            else (
                "t.problem is null",
                None,
            )
        )


def _mine(name: str, values: Sequence[Mine], caller: Caller) -> Iterator[Condition]:
    said = " or ".join(_MINE[each] for each in dict.fromkeys(values))
    yield f"({said})", [caller.id, *sorted(caller.teams)]


def _sla(name: str, values: Sequence[Sla], caller: Caller) -> Iterator[Condition]:
    said = " or ".join(_SLA[each] for each in dict.fromkeys(values))
    found = f"select beside.id from incident_clocks beside where {{then}} and ({said})"
    yield f"t.id in ({found})", None


def _tags(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    sign = "?|" if name == "tag" else "?&"
    yield f"t.tags {sign} {{}}::text[]", [unquoted(value) for value in values]


def _links(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    wanted = [unquoted(value) for value in values]
    for value in wanted:
        if value.partition(":")[0] not in set(LinkKind):
            kinds = ", ".join(LinkKind)
            raise Invalid((f"query:{name}", f"give kind:reference, the kind one of {kinds}"))
    yield "t.links ?| {}::text[]", wanted


def _labels(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    by_key: dict[str, list[str]] = {}
    for value in map(unquoted, values):
        key, has_value, wanted = value.partition("=")
        by_key.setdefault(key, []).extend([wanted] if has_value else [])
    for key, some in by_key.items():
        if some:
            yield "t.labels ->> ({}::text[])[1] = any(({}::text[])[2:])", [key, *some]
        else:
            yield "t.labels ? {}::text", key


def _flag(name: str, value: bool, caller: Caller) -> Iterator[Condition]:
    yes, no = _FLAGS[name]
    yield (yes if value else no), None


def _time(name: str, value: Any, caller: Caller) -> Iterator[Condition]:
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
            only = IncidentFilters.model_validate({field: [excluded]})
        except ValidationError as failure:
            detail = f"{field}: {failure.errors()[0]['msg']}"
            raise Invalid((f"query:{name}", detail)) from None
        for sql, argument in _MADE[field](field, getattr(only, field), caller):
            yield f"({sql}) is not true", argument


_WHEN = WHEN | _TIMES
_MADE: dict[str, Callable[[str, Any, Caller], Iterator[Condition]]] = {
    **dict.fromkeys(("id", *_OTHERS), _ids),
    **dict.fromkeys(_KEYS, _keys),
    **dict.fromkeys(_LEVELS, _levels),
    **dict.fromkeys(_FLAGS, _flag),
    "mine": _mine,
    "sla": _sla,
    "problem": _problems,
    "tag": _tags,
    "all_tags": _tags,
    "label": _labels,
    "link": _links,
    **dict.fromkeys(_WHEN, _time),
    "without": _without,
    "q": _words,
}
_EXCLUDING = {
    *("id", *_OTHERS, "problem", "tag", "label", "link", "sla"),
    *_KEYS,
    *_LEVELS,
}
