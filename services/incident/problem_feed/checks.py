"""Problems and known errors that a command names: known here, and to its caller."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.incident import lifecycle
from services.incident.events import Held, IncidentEvent
from services.incident.incident import Incident
from services.incident.problem_feed.copies import (
    KnownErrorCopy,
    ProblemCopy,
    known_error_named,
    problem_named,
    problems_of,
)
from services.incident.relations.events import LinkKind
from shared.auth.caller import Caller
from shared.errors import Refused
from shared.restrictions import restricted_among

_OVER = {
    "resolved": "is resolved already: resume the incident, or resolve it",
    "closed": "is closed: have it analysed anew first",
    "risk_accepted": "is lived with: its risk is accepted, nothing will resolve it",
    "cancelled": "is cancelled: nothing will resolve it",
}


async def known_problem(pool: asyncpg.Pool, reference: str, caller: Caller) -> ProblemCopy:
    """A problem this caller may know of, as its service has told. Raises Refused."""
    found = await problem_named(pool, reference)
    if found is None or await _is_hidden(pool, found.id, caller):
        raise Refused(
            f"no problem {reference} is known here; raise it first, or try again if it was raised "
            "a moment ago"
        )
    return found


async def known_error(
    pool: asyncpg.Pool, reference: str, caller: Caller, *, whatever: bool = False
) -> KnownErrorCopy:
    """A known error this caller may know of, as its service has told. Raises Refused.

    One that is no longer published only where `whatever` became of it does not matter.
    """
    found = await known_error_named(pool, reference)
    if found is None or await _is_hidden(pool, found.id, caller):
        raise Refused(
            f"no known error {reference} is known here; publish it first, or try again if it was "
            "published a moment ago"
        )
    if found.status != "published" and not whatever:
        instead = await _successor(pool, found, caller)
        raise Refused(f"the known error {found.number} is {found.status}{instead}")
    return found


async def over(pool: asyncpg.Pool, problems: Sequence[UUID], caller: Caller) -> Mapping[UUID, str]:
    """Why waiting for these problems is in vain, where it is."""
    copies = await problems_of(pool, list(problems))
    others = [copy.duplicate_of for copy in copies if copy.duplicate_of is not None]
    numbers: dict[UUID | None, str] = {c.id: c.number for c in await problems_of(pool, others)}
    hidden = (await restricted_among(pool, caller, [*problems, *others])).hidden
    found: dict[UUID, str] = {}
    for copy in copies:
        name = "its problem" if copy.id in hidden else copy.number
        if copy.status == "duplicate":
            other = None if copy.duplicate_of in hidden else numbers.get(copy.duplicate_of)
            found[copy.id] = f"{name} is a duplicate of {other or 'another'}: name that one"
        elif copy.status in _OVER:
            found[copy.id] = f"{name} {_OVER[copy.status]}"
    return found


def linked_problems(incident: Incident) -> list[UUID]:
    """What an incident may wait for without naming it."""
    linked = [link.id for link in lifecycle.linked(incident, LinkKind.PROBLEM)]
    return [id for id in {*linked, incident.problem} if id is not None]


def hold(
    incident: Incident, /, *, in_vain: Mapping[UUID, str], **arguments: Any
) -> Sequence[IncidentEvent]:
    """Put on hold, but not for a problem that nobody works on any more."""
    events = lifecycle.hold(incident, **arguments)
    for event in events:
        if isinstance(event, Held) and event.problem and event.problem in in_vain:
            raise Refused(in_vain[event.problem])
    return events


async def _successor(pool: asyncpg.Pool, known_error: KnownErrorCopy, caller: Caller) -> str:
    """What is to be said of the one that takes its place, to whom may know of it."""
    number = known_error.superseded_by
    other = None if number is None else await known_error_named(pool, number)
    if other is None or await _is_hidden(pool, other.id, caller):
        return ""
    return f"; {number} takes its place"


async def _is_hidden(pool: asyncpg.Pool, id: UUID, caller: Caller) -> bool:
    return bool((await restricted_among(pool, caller, [id])).hidden)
