"""What can happen to contacts, subscriptions and notifications. These names and fields are stored
for ever.

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


@event(
    "contact.set",
    personal={"name": "person", "email": "person", "webhook_url": "person"},
)
class ContactSet(Event, frozen=True):
    """What it says from now on, as a whole."""

    person: str
    name: Personal
    email: Personal | None = None
    webhook_url: Personal | None = None
    chat: str | None = None  # the key of a channel


@event("contact.secret_set", personal={"secret": "person"})
class SecretSet(Event, frozen=True):
    """What its webhook is signed with from now on; with the one before as well until then."""

    person: str
    secret: Personal
    until: datetime | None = None


class QuietHours(State, frozen=True):
    """Of these days (of all, if none is named), from a time of the clock to another; one that is
    not later is of the next day. What has one of these priorities breaks them."""

    time_zone: str
    start: str
    end: str
    days: tuple[str, ...] = ()
    but_priorities: tuple[int, ...] = ()


@event("contact.quiet_hours_set")
class QuietHoursSet(Event, frozen=True):
    """When it is left alone from now on; none: never."""

    hours: QuietHours | None = None


@event("contact.code_sent")
class CodeSent(Event, frozen=True):
    """A code went out by this channel: who tells it has it. Only its digest is kept."""

    channel: Channel
    digest: str
    at: datetime
    expires_at: datetime


@event("contact.code_refused")
class CodeRefused(Event, frozen=True):
    """A code was told that is not the one that went out."""

    channel: Channel
    at: datetime


@event("contact.method_verified")
class MethodVerified(Event, frozen=True):
    """This way reaches the contact, since `at`; another address is another way."""

    channel: Channel
    at: datetime


@event("contact.retired")
class ContactRetired(Event, frozen=True):
    pass


@event("subscription.set")
class SubscriptionSet(Event, frozen=True):
    """What it says from now on, as a whole; an empty filter lets everything pass.

    It tells a contact by a channel, or pages by an escalation policy.
    """

    facts: tuple[str, ...]
    contact: UUID | None = None
    channel: Channel | None = None
    priorities: tuple[int, ...] = ()
    services: tuple[str, ...] = ()
    template: Template | None = None
    escalation_policy: str | None = None


@event("subscription.retired")
class SubscriptionRetired(Event, frozen=True):
    pass


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


ContactEvent = (
    ContactSet
    | SecretSet
    | QuietHoursSet
    | CodeSent
    | CodeRefused
    | MethodVerified
    | ContactRetired
)
SubscriptionEvent = SubscriptionSet | SubscriptionRetired
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
