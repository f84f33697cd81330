"""An incident's clocks over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query, Response
from pydantic import Field

from services.incident.access import seen
from services.incident.clocks.calendar import moment_at
from services.incident.clocks.desk import CLOCKS, Desk
from services.incident.clocks.view import ClockView, RerunView, clock_view, rerun_views
from services.incident.regulators.desk import reading_of
from services.incident.regulators.routes import desk_of as regulators_of
from services.incident.regulators.view import RegulatoryDeadline, deadline_views
from services.incident.routes import ByReader, Reference, WaitFor
from shared.errors import NotFound
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Body
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen
from shared.store.reader import LogReader

router = routes("clocks", "/v1/incidents")


class ClockQuery(Body):
    """At which moment, and under which version of the policy."""

    as_of: AsOf = None
    effective_at: EffectiveAt = None
    policy_version: Annotated[
        int | None, Field(ge=1, le=10**9, description="What this version would have said")
    ] = None
    wait_for: WaitFor = None


class Clocks(msgspec.Struct, kw_only=True):
    """An incident's clocks as they stood at a moment; none where no target applies to it.

    `regulatory` are the regulators' clocks, once anything was recorded for them.
    """

    incident: UUID
    at: datetime
    position: int
    policy_version: int
    clocks: list[ClockView]
    reruns: list[RerunView]
    regulatory: list[RegulatoryDeadline]


def desk_of(asked: Asked) -> Desk:
    """The clocks of the service that was asked."""
    found: Desk = asked.service.parts[CLOCKS]
    return found


@router.get("/{id}/clocks", **answers(Clocks))
async def clocks(id: Reference, query: Annotated[ClockQuery, Query()], asked: ByReader) -> Response:
    """Its response and resolution clocks: every second of them with the event it goes back to."""
    await has_seen(asked.service, query.wait_for)
    stream = (await seen(asked, id)).stream
    log = asked.service.store.log
    position = await position_of(query.as_of, log)
    moment = moment_of(query.effective_at)
    reading = await desk_of(asked).read(
        stream,
        await _moment(query.as_of, position, log) or asked.now,
        position=position,
        effective_at=moment,
        version=query.policy_version,
    )
    if not reading.events:
        raise NotFound("there was no such incident then")
    newest = reading.events[-1].position
    regulators = await regulators_of(asked).in_force(position)
    due = reading_of(reading.events, regulators, moment_at(reading.now), moment)
    found = Clocks(
        incident=stream,
        at=moment_at(reading.now),
        position=newest,
        policy_version=query.policy_version or desk_of(asked).book.at(newest).version,
        clocks=[clock_view(clock, reading.now) for clock in reading.clocks],
        reruns=rerun_views(reading.events),
        regulatory=deadline_views(due),
    )
    return Response(msgspec.json.encode(found), media_type="application/json")


async def _moment(as_of: str | None, position: int | None, log: LogReader) -> datetime | None:
    """The moment an `as_of` names: its own time, or when its position was recorded."""
    if as_of is None or position is None:
        return None
    if not as_of.isdigit():
        return moment_of(as_of, "as_of")
    found = await log.page(position - 1, until=position, limit=1)
    return found[0].recorded_at if found else None
