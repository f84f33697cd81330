"""What the commands of the notification service take."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, model_validator

from services.notification import mail, template
from services.notification.contact_events import QuietHours
from services.notification.copies import STATUS_AFTER
from services.notification.events import Channel
from services.notification.references import Named
from services.notification.schedules.bodies import ClockTime, TimeZone
from services.notification.schedules.events import Weekday
from shared.destination import MOST_CHARACTERS
from shared.http.body import Body, Line, Name, Text, Whole

_MAILBOX = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
_SECRET_BYTES = range(24, 65)


def _signs(secret: SecretStr) -> SecretStr:
    prefix, _, encoded = secret.get_secret_value().partition("_")
    try:
        length = len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if prefix != "whsec" or length not in _SECRET_BYTES:
        raise ValueError("must be whsec_ and 24 to 64 random bytes in base64")
    return secret


def _can_be_written(address: str) -> str:
    if not mail.can_be_written(address):
        raise ValueError("must not hold =?: a mail would name another address")
    return address


def _is_told(fact: str) -> str:
    if fact not in STATUS_AFTER:
        raise ValueError(f"is not told of; these are: {', '.join(STATUS_AFTER)}")
    return fact


def _names_values(words: str) -> str:
    if unknown := template.unknown_names(words):
        known = ", ".join(template.NAMES)
        raise ValueError(f"{', '.join(unknown)} is not known; there are {known}")
    return words


Secret = Annotated[
    SecretStr,
    Field(max_length=100, json_schema_extra={"pattern": "^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"}),
    AfterValidator(_signs),
]
FactName = Annotated[
    str, AfterValidator(_is_told), Field(json_schema_extra={"enum": list(STATUS_AFTER)})
]
Email = Annotated[
    str,
    Field(max_length=254, pattern=_MAILBOX, examples=["ada@example.com"]),
    AfterValidator(_can_be_written),
]
Level = Annotated[Whole, Field(ge=1, le=9)]


class Hook(Body):
    """A webhook, signed by the Standard Webhooks scheme; the secret is never shown again."""

    url: Annotated[
        str,
        Field(
            max_length=MOST_CHARACTERS,
            pattern="^https?://",
            examples=["https://example.com/hooks"],
        ),
    ]
    secret: Secret | None = None


class Rotation(Body):
    """Another secret; what is sent is signed with both for a while."""

    secret: Secret
    both_for_hours: Annotated[Whole, Field(ge=0, le=720)] = 24

    def said(self, now: datetime) -> dict[str, Any]:
        """As the commands that rotate take it."""
        hours = self.both_for_hours
        until = now + timedelta(hours=hours) if hours else None
        return {"secret": self.secret.get_secret_value(), "until": until}


class QuietDocument(Body):
    """When somebody is left alone, by the clock where they are; what is urgent comes through."""

    time_zone: TimeZone
    start: Annotated[ClockTime, Field(examples=["22:00"])]
    end: Annotated[ClockTime, Field(examples=["07:00"], description="Not later: of the next day")]
    days: Annotated[
        list[Weekday], Field(max_length=7, description="On which they start; none: on all")
    ] = []
    but_priorities: Annotated[
        list[Level], Field(max_length=9, description="What has one of these comes through")
    ] = []

    def said(self) -> QuietHours:
        """As it is stored."""
        return QuietHours(
            time_zone=self.time_zone,
            start=self.start,
            end=self.end,
            days=tuple(dict.fromkeys(self.days)),
            but_priorities=tuple(sorted(set(self.but_priorities))),
        )


class ContactDocument(Body):
    """A person and how to reach them; names and addresses are kept encrypted."""

    name: Line
    person: Annotated[
        Name | None, Field(description="Their id in tokens; the caller's own if left out")
    ] = None
    email: Email | None = None
    webhook: Hook | None = None
    chat: Annotated[Name | None, Field(description="The key of a channel")] = None
    quiet_hours: QuietDocument | None = None

    def named(self) -> list[Named]:
        """What it names of this service."""
        return [Named("/chat", "channel", self.chat)] if self.chat is not None else []


class TemplateDocument(Body):
    """Words with {{names}} in them: number, title, status, priority, service and the like."""

    subject: Annotated[Line, AfterValidator(_names_values)]
    text: Annotated[Text, AfterValidator(_names_values)]


class SubscriptionDocument(Body):
    """Which facts reach a contact by which channel, or page by an escalation policy.

    A filter left empty lets everything pass.
    """

    contact: UUID | None = None
    channel: Channel | None = None
    escalation_policy: Annotated[
        Name | None, Field(description="Instead of a contact and a channel: pages by this policy")
    ] = None
    facts: Annotated[list[FactName], Field(min_length=1, max_length=50)]
    priorities: Annotated[list[Level], Field(max_length=9)] = []
    services: Annotated[list[Name], Field(max_length=100)] = []
    template: TemplateDocument | None = None

    @model_validator(mode="after")
    def _reaches_somebody(self) -> Self:
        told = (self.contact is not None, self.channel is not None)
        if told != ((False, False) if self.escalation_policy is not None else (True, True)):
            raise ValueError("name a contact and a channel, or an escalation policy")
        return self

    def named(self) -> list[Named]:
        """What it names of this service."""
        if self.contact is not None:
            return [Named("/contact", "contact", self.contact)]
        return [Named("/escalation_policy", "escalation policy", self.escalation_policy or "")]


class NoArguments(Body):
    """A command without arguments; the body may be left out."""
