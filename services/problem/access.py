"""The way to a problem for every request: found, known to its caller, its reading on record.

A problem is kept to those who may know of the incident whose facts it took over; of its other
incidents, each caller sees those they may know of.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from services.problem.copies import IncidentCopy
from services.problem.problem import Problem
from services.problem.problems import Problems, raised_from
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.http.access_log import record_access
from shared.http.asked import Asked
from shared.http.streams import ids_of
from shared.restrictions import any_restricted, restricted_among


def problems_of(asked: Asked) -> Problems:
    """The problems of the service that was asked."""
    found: Problems = asked.service.parts["problems"]
    return found


async def known_problem(asked: Asked, reference: str) -> UUID:
    """The problem that a request means. Raises NotFound, Unavailable."""
    problems = problems_of(asked)
    held = await problems.lately(await problems.find(reference))
    if held.state.raised_from is not None:
        await require_known(asked, held.stream, "there is no such problem")
    return held.stream


async def repeated(asked: Asked, reference: str) -> Folded[Problem] | None:
    """What this command on it was answered with before, by its key; None where it is new.

    Raises NotFound, KeyReused, Unavailable.
    """
    await known_problem(asked, reference)
    return await asked.repeated(problems_of(asked))


async def require_known(asked: Asked, id: UUID, otherwise: str) -> None:
    """Let a request pass that may know of this, on record if it is restricted. Raises NotFound."""
    restricted, hidden = await restricted_among(asked.service.store.pool, asked.caller, [id])
    if hidden:
        raise NotFound(otherwise)
    await record_access(asked.request, asked.caller, restricted)


async def known_incident(asked: Asked, reference: str) -> IncidentCopy:
    """The copy of an incident that the caller may know of. Raises Refused."""
    copies = problems_of(asked).incidents
    copy = await copies.named(reference)
    if await hidden_from(asked, [copy.id]):
        raise copies.unknown(reference)
    return copy


async def hidden_from(asked: Asked, ids: Iterable[UUID | None]) -> Collection[UUID]:
    """Which of these incidents and problems the caller may not know of."""
    named, pool = {id for id in ids if id is not None}, asked.service.store.pool
    if not named or not await any_restricted(pool):
        return ()
    return (await restricted_among(pool, asked.caller, named)).hidden


async def known_among(asked: Asked, filter: str, named: Sequence[str]) -> list[str]:
    """The ids of those that a filter names, by id or number, and the caller may know of."""
    ids = await ids_of(asked.request, named, f"query:{filter}")
    hidden = await hidden_from(asked, ids)
    return [str(id) for id in ids if id not in hidden]


async def taken_over(asked: Asked, copies: Sequence[IncidentCopy]) -> dict[str, Any]:
    """The facts a problem takes over from these incidents."""
    ids = [copy.id for copy in copies]
    restricted = (await restricted_among(asked.service.store.pool, None, ids)).restricted
    return raised_from(copies, restricted)


async def on_record(
    asked: Asked, shown: Collection[UUID], named: Iterable[UUID | None] = ()
) -> Collection[UUID]:
    """Put on record what is restricted of the things that are shown.

    Answers which of those that are `named` beside them the caller may not know of.
    """
    pool = asked.service.store.pool
    if not shown or not await any_restricted(pool):
        return ()
    beside = {id for id in named if id is not None}
    restricted, hidden = await restricted_among(pool, asked.caller, beside.union(shown))
    await record_access(asked.request, asked.caller, restricted.intersection(shown))
    return hidden
