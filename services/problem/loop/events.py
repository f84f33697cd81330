"""What happened between a problem and its incidents: a side stream of each problem."""

from datetime import datetime
from uuid import UUID

from shared.domain import Event, event


@event("problem.incident_answered")
class IncidentAnswered(Event, frozen=True):
    """An incident began to wait for it when there was nothing to wait for any more."""

    problem: UUID
    incident: UUID
    status: str  # what the incident goes by; "unlinked" where it is not of this problem any more
    at: datetime
    of: UUID | None = None  # the problem that this one is a duplicate of


@event("problem.workaround_used")
class WorkaroundUsed(Event, frozen=True):
    """It was tried on an incident; whether it helped, where somebody has said so."""

    problem: UUID
    incident: UUID
    revision: int
    helped: bool | None = None


LoopEvent = IncidentAnswered | WorkaroundUsed
