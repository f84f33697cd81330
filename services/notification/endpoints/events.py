"""What can happen to an endpoint. These names and fields are stored for ever."""

from datetime import datetime
from uuid import UUID

from services.notification.events import Channel
from shared.domain import Event, event


@event("endpoint.shut_off")
class ShutOff(Event, frozen=True):
    """It has failed again and again: it is left alone but for a probe now and then."""

    channel: Channel
    at: datetime
    reason: str
    probe_in: float  # seconds
    contact: UUID | None = None  # none: it is shared by all, as the mail server is
    webhook: UUID | None = None  # of another system


@event("endpoint.probe_failed")
class ProbeFailed(Event, frozen=True):
    at: datetime
    reason: str
    probe_in: float  # seconds


@event("endpoint.probe_asked")
class ProbeAsked(Event, frozen=True):
    """Somebody does not want to wait for the next one."""

    at: datetime


@event("endpoint.restored")
class Restored(Event, frozen=True):
    """It answers again, or nothing waits for it any more: it is called as before."""

    at: datetime
    reason: str


EndpointEvent = ShutOff | ProbeFailed | ProbeAsked | Restored
