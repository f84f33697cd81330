"""The way to a problem for every request: found, known to its caller, its reading on record.

A problem is kept to those who may know of the incident whose facts it took over; of its other
incidents, each caller sees those they may know of.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.problem.copies import IncidentCopy
from services.problem.problems import Problems, raised_from
from shared.errors import NotFound
from shared.http.access_log import record_access
from shared.http.asked import Asked
from shared.restrictions import any_restricted, restricted_among


def problems_of(asked: Asked) -> Problems:
    """The problems of the service that was asked."""
    found: Problems = asked.service.parts["problems"]
    return found


async def seen(asked: Asked, reference: str) -> UUID:
    """The problem that a request means. Raises NotFound, Malformed, Unavailable."""
    problems = problems_of(asked)
    held = await problems.lately(await problems.find(reference))
    if held.state.raised_from is not None:
        await require_known(asked, held.stream, "there is no such problem")
    return held.stream


async def require_known(asked: Asked, id: UUID, otherwise: str) -> None:
    """Let a request pass that may know of this, on record if it is restricted. Raises NotFound."""
    restricted, hidden = await restricted_among(asked.service.store.pool, asked.caller, [id])
    if hidden:
        raise NotFound(otherwise)
    await record_access(asked.request, asked.caller, restricted)


async def incident_known(asked: Asked, reference: str) -> IncidentCopy:
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


async def taken_over(asked: Asked, copies: Sequence[IncidentCopy]) -> dict[str, Any]:
    """The facts a problem takes over from these incidents."""
    ids = [copy.id for copy in copies]
    restricted = (await restricted_among(asked.service.store.pool, None, ids)).restricted
    return raised_from(copies, restricted)


async def on_record(asked: Asked, rows: Sequence[asyncpg.Record], other: str) -> Collection[UUID]:
    """Put on record what a list shows that is restricted.

    Answers what it names beside, incidents and the problem in column `other`, that the caller may
    not know of.
    """
    pool, shown = asked.service.store.pool, {row["id"] for row in rows}
    named = {UUID(id) for row in rows for id in row["incidents"]}
    named |= {row[other] for row in rows if row[other] is not None}
    if not shown or not await any_restricted(pool):
        return ()
    restricted, hidden = await restricted_among(pool, asked.caller, shown | named)
    await record_access(asked.request, asked.caller, restricted & shown)
    return hidden
