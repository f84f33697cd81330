"""What can happen to a webhook of another system. These names and fields are stored for ever."""

from datetime import datetime
from enum import StrEnum

from services.notification.keyed.keyed import Gone, Said
from shared.domain import Event, Personal, event


class Source(StrEnum):
    """Whose events a webhook is told of: those on the feed of this service."""

    INCIDENT = "incident"
    PROBLEM = "problem"
    NOTIFICATION = "notification"


@event("webhook.set")
class WebhookSet(Said, frozen=True):
    """What it says from now on, as a whole; an empty filter lets everything pass.

    A type may end in `.*`. Services and priorities are those of the incident or problem by then.
    """

    url: str
    source: Source
    types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()


@event("webhook.secret_set", personal={"secret": "kept_for"})
class WebhookSecretSet(Event, frozen=True):
    """What it is signed with from now on; with the one before as well until then."""

    kept_for: str
    secret: Personal
    until: datetime | None = None


@event("webhook.rewound")
class WebhookRewound(Event, frozen=True):
    """It is told again of everything behind this position of its source's log."""

    position: int
    at: datetime


@event("webhook.suspended")
class WebhookSuspended(Event, frozen=True):
    """It said that it is gone; nothing is sent there until it is resumed."""

    at: datetime
    reason: str


@event("webhook.resumed")
class WebhookResumed(Event, frozen=True):
    at: datetime


@event("webhook.retired")
class WebhookRetired(Gone, frozen=True):
    pass


WebhookEvent = (
    WebhookSet
    | WebhookSecretSet
    | WebhookRewound
    | WebhookSuspended
    | WebhookResumed
    | WebhookRetired
)
