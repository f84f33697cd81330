"""What was decided about a fact. These names and fields are stored for ever."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.notification.events import Channel
from shared.domain import Event, State, event


class Reason(StrEnum):
    """Why somebody whom a fact concerned was not told of it, or not at once."""

    DUPLICATE = "duplicate"
    RESTRICTED = "restricted"
    NO_METHOD = "no_usable_contact_method"
    QUIET_HOURS = "quiet_hours"
    THROTTLE = "throttle"


class Left(State, frozen=True):
    """Somebody whom a fact concerned, by one way, and who was not told by it at once."""

    contact: UUID
    person: str
    channel: Channel
    reason: Reason
    subscription: UUID | None = None
    audience: str | None = None
    until: datetime | None = None  # where it is only held


@event("decision.taken")
class Taken(Event, frozen=True):
    """Whom a fact was told to: `told` of them at once, and those who were `left` with the reason.

    `policy` is the version of the policy for throttling that it was decided by.
    """

    fact: UUID
    name: str  # what kind of event, such as incident.declared
    about: UUID
    at: datetime
    told: int
    policy: int
    priority: int | None = None
    service: str | None = None
    left: tuple[Left, ...] = ()


DecisionEvent = Taken
