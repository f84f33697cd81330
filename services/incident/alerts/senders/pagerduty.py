"""What PagerDuty's Events API v2 takes: an event about one alert, told apart by its key."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Body
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from services.incident.alerts.notification import Notification
from services.incident.alerts.senders.details import labels_of, revision_of
from services.incident.changes.change import ChangeRecorded
from services.incident.facts import Alert

SOURCE = "pagerduty"
_CLOCKS_DIFFER = timedelta(days=1)
_LONGEST = 20_000


def _moment(value: Any) -> Any:
    """ISO 8601 in any of its spellings, UTC where it names no zone; what lies far off is none."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 100:
        raise ValueError("is not an ISO 8601 time")
    text = value.removesuffix("Z") if "+" in value else value  # some of its clients write both
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if 1971 <= moment.year <= 9997 else None


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is missing or blank")
    return text


Moment = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema({"type": ["string", "null"], "description": "ISO 8601, to any precision"}),
]
Filled = Annotated[str, Field(max_length=_LONGEST), AfterValidator(_filled)]
Plain = Annotated[str | None, Field(max_length=_LONGEST)]
DedupKey = Annotated[str | None, Field(max_length=255)]


class _Posted(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def unknown(self) -> dict[str, Any]:
        """What it says beyond the fields that are known."""
        return self.model_extra or {}


class Payload(_Posted):
    """What is wrong, where, and how badly."""

    summary: Filled
    source: Filled
    severity: Literal["critical", "error", "warning", "info"]
    timestamp: Moment = None
    component: Plain = None
    group: Plain = None
    class_: Plain = Field(default=None, alias="class")
    custom_details: Any = None


class _Event(_Posted):
    routing_key: Annotated[str | None, Field(max_length=200)] = None
    client: Plain = None
    client_url: Plain = None
    links: Annotated[list[Any], Field(max_length=1_000)] = []
    images: Annotated[list[Any], Field(max_length=1_000)] = []

    def more(self, **said: Any) -> dict[str, Any]:
        """What is kept beside."""
        shared = {"client": self.client, "links": self.links, "images": self.images}
        return {name: value for name, value in (shared | said).items() if value} | self.unknown

    def told(self, receiver: str, key: str, alert: Alert) -> Notification:
        """A group of one alert, under the key; peers of a monitor differ in their address."""
        by = self.client_url
        return Notification(SOURCE, receiver, key, [alert], {}, keyed=True, teller=by)


class Trigger(_Event):
    """Something is wrong; with the key of an open alert it is a repeat."""

    event_action: Literal["trigger"]
    dedup_key: DedupKey = None
    payload: Payload

    def notification(self, receiver: str, key: str) -> Notification:
        """As it is taken in: a group of one alert, under the key."""
        told = self.payload
        fields = _fields(told)
        alert = Alert(
            fingerprint=key,
            status="firing",
            starts_at=told.timestamp,
            labels=labels_of(told.custom_details) | fields,
            annotations={"summary": told.summary},
            generator_url=self.client_url,
            revision=revision_of(told.summary, told.custom_details, fields),
            more=self.more(custom_details=told.custom_details, payload=told.unknown),
        )
        return self.told(receiver, key, alert)


class FollowUp(_Event):
    """Somebody has seen the alert of this key, or it is over."""

    event_action: Literal["acknowledge", "resolve"]
    dedup_key: Annotated[str, Field(max_length=255), AfterValidator(_filled)]
    payload: Any = None

    def notification(self, receiver: str, key: str) -> Notification:
        """As it is taken in: the end of the alert."""
        more = self.more(payload=self.payload)
        alert = Alert(fingerprint=key, status="resolved", ends_at=self._ended, more=more)
        return self.told(receiver, key, alert)

    @property
    def _ended(self) -> datetime | None:
        told = self.payload.get("timestamp") if isinstance(self.payload, dict) else None
        try:
            found: datetime | None = _moment(told)
        except ValueError:  # nobody needs it to be right
            return None
        return found


class ChangePayload(_Posted):
    """What was changed."""

    summary: Filled
    timestamp: Moment = None
    source: Plain = None
    custom_details: Any = None


class ChangeEvent(_Event):
    """That something was changed: no problem, and nobody is told."""

    payload: ChangePayload

    @property
    def labels(self) -> dict[str, str]:
        """What rules can match, to find its service."""
        source = {"source": self.payload.source} if self.payload.source else {}
        return {"sender": SOURCE} | labels_of(self.payload.custom_details) | source

    def recorded(self, at: datetime, integration: str, service: str | None) -> ChangeRecorded:
        """As it is kept; made when it says so, where that is not far in the future."""
        told = self.payload
        stated = told.timestamp
        more = self.more(custom_details=told.custom_details, payload=told.unknown)
        more.pop("links", None)
        return ChangeRecorded(
            summary=told.summary,
            sender=SOURCE,
            at=stated if stated is not None and stated <= at + _CLOCKS_DIFFER else at,
            source=told.source,
            service=service,
            integration=integration,
            links=tuple(self.links),
            more=more,
        )


Event = Annotated[Trigger | FollowUp, Body(discriminator="event_action")]


def _fields(payload: Payload) -> dict[str, str]:
    told = {
        "severity": payload.severity,
        "source": payload.source,
        "component": payload.component,
        "group": payload.group,
        "class": payload.class_,
    }
    return {name: value for name, value in told.items() if value}
