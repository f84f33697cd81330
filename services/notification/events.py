"""What can happen to notifications. These names and fields are stored for ever.

Who recorded an event, and when, stands in its envelope. `at` is when it happened in the world.
A default is only ever "not stated"; it is not stored.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.domain import FREE_TEXT, Event, Personal, State, event


class Channel(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    CHAT = "chat"  # a managed channel that the contact names
    INBOX = "inbox"  # of the person, in this system


class Template(State, frozen=True):
    """The words of a message, with {{names}} where a fact's values go."""

    subject: str
    text: str


class Delivery(State, frozen=True):
    """Which fact is to reach whom and how. Notifications are alike if all of this is."""

    cause: UUID  # the event that is told of
    fact: str  # what kind of event, such as incident.declared
    about: UUID  # the incident or problem it happened to
    contact: UUID
    person: str
    channel: Channel


_WORDS = {"subject": FREE_TEXT, "text": FREE_TEXT}


@event("notification.planned", personal={**_WORDS, "said": FREE_TEXT})
class Planned(Event, frozen=True):
    """`escalation` is what it pages for; `instead_of` another one that did not reach in time.

    `wording` is whose words it has, where that is a template; or why it has not. `said` is what
    the fact says in people's own words: more values, as a JSON object.
    """

    delivery: Delivery
    happened_at: datetime
    values: dict[str, str]  # what was known of the incident or problem then
    subject: Personal
    text: Personal
    subscription: UUID | None = None
    urgent: bool = False
    escalation: UUID | None = None
    instead_of: UUID | None = None
    wording: str | None = None
    said: Personal | None = None


@event("notification.held")
class Held(Event, frozen=True):
    """No attempt is made before then. One that is skipped counts as a try of its schedule."""

    at: datetime
    until: datetime
    reason: str
    skipped: bool = False


@event("notification.bundle_made", personal=_WORDS)
class BundleMade(Event, frozen=True):
    """It goes as one with these others, which waited too, in these words."""

    at: datetime
    held: tuple[UUID, ...]
    subject: Personal
    text: Personal


@event("notification.bundled")
class Bundled(Event, frozen=True):
    """It is told by another one, which names it."""

    at: datetime
    into: UUID


@event("notification.attempt_started")
class AttemptStarted(Event, frozen=True):
    """Recorded before the call: an attempt without an outcome may have reached its receiver.

    A probe sees whether its endpoint is back; it counts as no try of the schedule.
    """

    attempt: int
    at: datetime
    probe: bool = False


@event("notification.delivered")
class Delivered(Event, frozen=True):
    delivery: Delivery
    attempt: int
    at: datetime
    answer: str


@event("notification.failed")
class Failed(Event, frozen=True):
    delivery: Delivery
    attempt: int
    at: datetime
    reason: str
    permanent: bool = False
    retry_in: float | None = None  # seconds; None: this was the last attempt


@event("notification.outcome_unknown")
class OutcomeUnknown(Event, frozen=True):
    """It may have been taken: whoever made the attempt ended before telling how it fared, or the
    receiver was lost (`reason`) when it had everything and had not answered."""

    attempt: int
    at: datetime
    reason: str | None = None
    retry_in: float | None = None  # seconds


@event("notification.exhausted")
class Exhausted(Event, frozen=True):
    delivery: Delivery
    at: datetime
    reason: str


@event("notification.redriven")
class Redriven(Event, frozen=True):
    at: datetime


@event("notification.fell_back")
class FellBack(Event, frozen=True):
    """It did not reach in time: the same was planned by another channel, if there is one."""

    at: datetime
    channel: Channel | None = None
    notification: UUID | None = None


@event("notification.cancelled")
class Cancelled(Event, frozen=True):
    """No further attempt is made: somebody else has it, or it is over."""

    at: datetime
    reason: str


@event("notification.read")
class MarkedRead(Event, frozen=True):
    """Whom it is for has read it in the inbox, or marked it as unread again."""

    at: datetime
    unread: bool = False


@event("notification.acknowledged")
class Acknowledged(Event, frozen=True):
    """Somebody has seen it; `escalation` is what it paged for, where it was a page.

    `matter` is what it was about: such as the request of an incident that somebody come.
    """

    by: str
    at: datetime
    delivery: Delivery | None = None  # not stated by early ones
    escalation: UUID | None = None
    matter: UUID | None = None


NotificationEvent = (
    Planned
    | Held
    | BundleMade
    | Bundled
    | AttemptStarted
    | Delivered
    | Failed
    | OutcomeUnknown
    | Exhausted
    | Redriven
    | FellBack
    | Cancelled
    | MarkedRead
    | Acknowledged
)
