"""What can happen to contacts and subscriptions. These names and fields are stored for ever.

A default is only ever "not stated"; it is not stored.
"""

from datetime import datetime
from uuid import UUID

from services.notification.events import Channel, Template
from shared.domain import Event, Personal, State, event


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
