"""The filters of incidents as SQL conditions on the version rows."""

from collections.abc import Iterator, Sequence

from services.incident.lists.filters import IncidentFilters, Mine, Sla
from services.incident.relations.events import LinkKind
from shared.auth.caller import Caller
from shared.errors import Invalid
from shared.http import conditions as c
from shared.http.conditions import NOBODYS, Make
from shared.http.lists import WHEN
from shared.http.pages import unquoted
from shared.listing import Condition
from shared.restrictions import not_shut
from shared.restrictions import visible_to as admitted

INCIDENTS = c.Numbered("INC", "incidents")
_OTHERS = {"parent", "merged_into"}
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
_TIMES = c.either_side(
    ("started", "detected", "acknowledged", "mitigated", "resolved", "closed"),
    "_at",
    "timestamptz",
)
_FLAGS = {
    "restricted": "t.restricted",
    "escalated": "t.escalation_count > 0",
    "has_children": "t.child_count > 0",
    "open": "t.status in ('new', 'in_progress', 'on_hold')",
    "reopened": "t.reopen_count > 0",
    "imported": "t.imported",
    "reassigned": "t.reassignment_count > 0",
}
_MINE = {
    Mine.ASSIGNED: "t.assigned_to = ({}::text[])[1]",
    Mine.REPORTED: "t.reporter = ({}::text[])[1]",
    Mine.GROUP: "t.assignment_group = any(({}::text[])[2:])",
}
_OF_PROBLEMS = """t.problem in (select p.id from problem_copies p
    where p.number = any({}::text[]) or p.id::text = any({}::text[]))"""
_SLA = {
    Sla.BREACHED: "beside.state = 'breached'",
    Sla.AT_RISK: "beside.state in ('running', 'paused') and beside.warned_at is not null",
}


def conditions(filters: IncidentFilters, caller: Caller) -> list[Condition]:
    """All that these filters ask, as this caller means it. Raises Invalid."""
    return [each for found in by_filter(filters, caller).values() for each in found]


def by_filter(filters: IncidentFilters, caller: Caller) -> dict[str, list[Condition]]:
    """The conditions of each filter that is stated. Raises Invalid."""
    found = c.stated(filters, _MADE, caller)
    for name in _OTHERS & found.keys():  # of an incident that is hidden nothing is told by another
        found[name] += admitted(caller, f"(t.{name} is null or {not_shut('t.' + name)})")
    return found


def _problems(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    named = [unquoted(value) for value in values if value != NOBODYS]
    spelt = [spelling for each in named for spelling in (each.upper(), each.lower())]
    if NOBODYS not in values:
        yield _OF_PROBLEMS, spelt
    elif spelt:
        yield f"({_OF_PROBLEMS} or t.problem is null)", spelt
    else:
        yield "t.problem is null", None


def _sla(name: str, values: Sequence[Sla], caller: Caller) -> Iterator[Condition]:
    said = " or ".join(_SLA[each] for each in dict.fromkeys(values))
    found = f"select beside.id from incident_clocks beside where {{then}} and ({said})"
    yield f"t.id in ({found})", None


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


_WHEN = WHEN | _TIMES
_MADE: dict[str, Make] = {
    **dict.fromkeys(("id", *_OTHERS), c.ids(INCIDENTS)),
    **dict.fromkeys(_KEYS, c.keys(_KEYS, ("assigned_to", "reporter"))),
    **dict.fromkeys(_LEVELS, c.levels(_LEVELS)),
    **dict.fromkeys(_FLAGS, c.flags(_FLAGS)),
    "mine": c.mine(_MINE),
    "sla": _sla,
    "problem": _problems,
    **dict.fromkeys(("tag", "all_tags"), c.tags),
    "label": _labels,
    "link": _links,
    **dict.fromkeys(_WHEN, c.compared(_WHEN)),
    "q": c.words(INCIDENTS, "select x.id from incident_texts x"),
}
_EXCLUDING = {
    *("id", *_OTHERS, "problem", "tag", "label", "link", "sla"),
    *_KEYS,
    *_LEVELS,
}
_MADE["without"] = c.without(IncidentFilters, _MADE, _EXCLUDING)
