"""The filters of problems as SQL conditions on the version rows."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from services.problem.lists.filters import Mine, ProblemFilters
from shared.auth.caller import Caller
from shared.http import conditions as c
from shared.http.conditions import NOBODYS, Make
from shared.http.lists import WHEN
from shared.listing import Condition
from shared.restrictions import not_derived, visible_to

PROBLEMS = c.Numbered("PRB", "problems")
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
_TIMES = c.either_side(("started", "root_cause", "resolved", "closed"), "_at", "timestamptz")
_DAYS = c.either_side(("target", "review"), "_date", "date")
_CAME_BACK = """exists (select 1 from problem_recurrences beside
    where beside.problem = t.id and {then} and beside.incidents <> '[]')"""
_FLAGS = {
    "open": "t.status in ('new', 'assessing', 'root_cause_analysis', 'fix_in_progress')",
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
_KNOWN = """exists (select 1 from known_errors beside
    where beside.problem = t.id and {then}%s)"""


def by_filter(filters: ProblemFilters, caller: Caller) -> dict[str, list[Condition]]:
    """The conditions of each filter that is stated. Raises Invalid."""
    found = c.stated(filters, _MADE, caller)
    if "duplicate_of" in found:  # of a problem that is hidden nothing is told by another
        unhidden = f"(t.duplicate_of is null or {not_derived('t.duplicate_of')})"
        found["duplicate_of"] += visible_to(caller, unhidden)
    return found


def _known_errors(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    named = [value for value in values if value != NOBODYS]
    some = _KNOWN % " and beside.status = any({}::text[])"
    if NOBODYS not in values:
        yield some, named
    elif named:
        yield f"({some} or not {_KNOWN % ''})", named
    else:
        yield f"not {_KNOWN % ''}", None


def _incidents(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    yield "t.incidents ?| ({}::uuid[])::text[]", list(values)


def _candidates(name: str, values: Sequence[UUID], caller: Caller) -> Iterator[Condition]:
    yield "t.candidate = any({}::uuid[])", list(values)


_WHEN = WHEN | _TIMES | _DAYS
_MADE: dict[str, Make] = {
    **dict.fromkeys(("id", "duplicate_of"), c.ids(PROBLEMS)),
    **dict.fromkeys(_KEYS, c.keys(_KEYS, ("assigned_to", "owner"))),
    **dict.fromkeys(_LEVELS, c.levels(_LEVELS)),
    **dict.fromkeys(_FLAGS, c.flags(_FLAGS)),
    "mine": c.mine(_MINE),
    "known_error": _known_errors,
    **dict.fromkeys(("tag", "all_tags"), c.tags),
    "incident": _incidents,
    "candidate": _candidates,
    **dict.fromkeys(_WHEN, c.compared(_WHEN)),
    "q": c.words(PROBLEMS, "select x.problem from problem_texts x"),
}
_EXCLUDING = {"id", "tag", "known_error", *_KEYS, *_LEVELS}
_MADE["without"] = c.without(ProblemFilters, _MADE, _EXCLUDING)
