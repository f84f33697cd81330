"""What others are told of the loop."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.problem.loop import events as e
from shared.feed import Published


class Answered(msgspec.Struct, frozen=True):
    """`status` is what the incident goes by."""

    problem: UUID
    incident: UUID
    status: str
    at: datetime
    of: UUID | None


class Used(msgspec.Struct, frozen=True):
    problem: UUID
    incident: UUID
    revision: int
    helped: bool | None


LOOP_PUBLISHED: Published = {
    e.IncidentAnswered: lambda h: Answered(h.problem, h.incident, h.status, h.at, h.of),
    e.WorkaroundUsed: lambda h: Used(h.problem, h.incident, h.revision, h.helped),
}
