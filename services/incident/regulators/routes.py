"""The regulators' clocks over HTTP: record what they rest on, read when which report is due."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Query, Response

from services.incident.access import seen
from services.incident.regulators.bodies import RegulatoryRecording
from services.incident.regulators.desk import DESK, RegulatorsDesk
from services.incident.regulators.recording import record_regulatory
from services.incident.regulators.view import (
    RegulatoryDeadline,
    RegulatoryEntry,
    deadline_views,
    entry_views,
)
from services.incident.routes import ByReader, Reference, WaitFor, command
from services.incident.rules import RULES
from services.incident.view import IncidentView
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body
from shared.http.content import JsonBytes
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of, time_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen

router = routes("regulators", "/v1/incidents")

ByRecorder = Annotated[Asked, Depends(allowed(*RULES["record-regulatory"].roles))]


class RegulatoryQuery(Body):
    """At which moment."""

    as_of: AsOf = None
    effective_at: EffectiveAt = None
    wait_for: WaitFor = None


class Regulatory(msgspec.Struct, kw_only=True):
    """An incident's reports to regulators at a moment; none before anything was recorded."""

    incident: UUID
    at: datetime
    policy_version: int
    deadlines: list[RegulatoryDeadline]
    records: list[RegulatoryEntry]


def desk_of(asked: Asked) -> RegulatorsDesk:
    """The regulators' clocks of the service that was asked."""
    found: RegulatorsDesk = asked.service.parts[DESK]
    return found


@router.post("/{id}/record-regulatory", **answers(IncidentView))
async def record_for_regulators(
    id: Reference, body: RegulatoryRecording, asked: ByRecorder
) -> Response:
    """Record what regulators' clocks rest on, with the time it happened; in any status.

    `aware` of the incident, `classified` as major, `materiality_determined`,
    `personal_data_affected`, `report_submitted` (which one of which regime). The first of a kind
    counts; `retracted` says that it is so no longer (classified as not major), and what is
    recorded after that begins anew. `replaces` corrects a record that was wrong; both stay
    readable.
    """
    arguments = body.arguments() | {"at": asked.stated(body.at), "now": asked.now}
    reports = (await desk_of(asked).in_force()).reports
    return await command(asked, id, record_regulatory, reports=reports, **arguments)


@router.get("/{id}/regulatory", **answers(Regulatory))
async def regulatory(
    id: Reference, query: Annotated[RegulatoryQuery, Query()], asked: ByReader
) -> Response:
    """Its reports to regulators: when each is due and why, what was submitted, who was told."""
    await has_seen(asked.service, query.wait_for)
    stream = (await seen(asked, id)).stream
    log = asked.service.store.log
    position = await position_of(query.as_of, log)
    reading = await desk_of(asked).read(
        stream,
        await time_of(query.as_of, log) or asked.now,
        position=position,
        until=moment_of(query.effective_at),
    )
    found = Regulatory(
        incident=stream,
        at=reading.now,
        policy_version=reading.version,
        deadlines=deadline_views(reading),
        records=entry_views(reading),
    )
    return JsonBytes(msgspec.json.encode(found))
