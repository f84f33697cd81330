"""What Opsgenie's Alert API takes: an alert told apart by its alias, and what is done with it."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.incident.alerts.notification import Notification
from services.incident.alerts.senders.details import labels_of, revision_of
from services.incident.facts import Alert

SOURCE = "opsgenie"
_LONGEST = 25_000
_MOST_TAGS = 100


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("can not be empty.")
    return text


Filled = Annotated[str, Field(max_length=_LONGEST), AfterValidator(_filled)]
Plain = Annotated[str | None, Field(max_length=_LONGEST)]
Names = Annotated[list[Any], Field(max_length=1_000)]
Priority = Literal["P1", "P2", "P3", "P4", "P5"]


class _Posted(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    user: Plain = None
    note: Plain = None
    source: Plain = None

    @property
    def unknown(self) -> dict[str, Any]:
        """What it says beyond the fields that are known."""
        return self.model_extra or {}

    def words(self, did: str) -> str | None:
        """What a person adds to what they did, as a note of the incident."""
        said = (self.note or "").strip()
        if not self.user:
            return said[:10_000] or None
        return f"{self.user}: {said or did}"[:10_000]


class OpsgenieAlert(_Posted):
    """A new alert; with the alias of an open one it is a repeat."""

    message: Filled
    alias: Annotated[str | None, Field(max_length=512)] = None
    description: Plain = None
    responders: Names = []
    visible_to: Names = Field([], alias="visibleTo")
    actions: Names = []
    tags: Annotated[list[Annotated[str, Field(max_length=1_000)]], Field(max_length=1_000)] = []
    details: dict[str, Any] = {}
    entity: Plain = None
    priority: Priority = "P3"

    def notification(self, alias: str) -> Notification:
        """As it is taken in: a group of one alert, under the alias."""
        fields = self._fields()
        alert = Alert(
            fingerprint=alias,
            status="firing",
            labels=labels_of(self.details)
            | fields
            | ({"source": self.source} if self.source else {}),
            annotations=self._annotations(),
            revision=revision_of(self.message, self.description, self.details, fields),
            more=self._more(),
        )
        return told(alias, alert, self._note(), self.source)

    def _fields(self) -> dict[str, str]:
        named = {
            "priority": self.priority,
            "entity": self.entity,
            "tags": ",".join(self.tags)[:_LONGEST],
            "team": next((str(r["name"]) for r in _of_kind(self.responders, "team")), None),
        }
        tagged = {f"tag:{tag}": "true" for tag in self.tags[:_MOST_TAGS] if tag}
        return {name: value for name, value in named.items() if value} | tagged

    def _annotations(self) -> dict[str, str]:
        described = {"description": self.description} if self.description else {}
        return {"summary": self.message} | described

    def _more(self) -> dict[str, Any]:
        """What is kept beside; people's names only go into the note, which is sealed."""
        said = {
            "details": self.details,
            "tags": self.tags,
            "actions": self.actions,
            "responders": [r for r in self.responders if _kind(r) != "user"],
            "visible_to": [r for r in self.visible_to if _kind(r) != "user"],
        }
        return {name: value for name, value in said.items() if value} | self.unknown

    def _note(self) -> str | None:
        people = [str(r.get("username") or r.get("id")) for r in _users(self.responders)]
        asked = f"Asks for {', '.join(people)}" if people else None
        words = self.words("Raised it") if self.note else None
        return "\n".join(text for text in (words, asked) if text)[:10_000] or None


class OpsgenieAction(_Posted):
    """What is done with an alert: acknowledged or closed."""


class OpsgenieNote(_Posted):
    """A note on an alert."""

    note: Filled


def told(alias: str, alert: Alert, note: str | None = None, by: str | None = None) -> Notification:
    """What is told of the alert of this alias; aliases are those of the whole organisation."""
    return Notification(SOURCE, SOURCE, alias, [alert], {}, keyed=True, note=note, teller=by)


def ended(alias: str, note: str | None = None, by: str | None = None) -> Notification:
    """The end of an alert; peers of a monitor differ in the source that they state."""
    return told(alias, Alert(fingerprint=alias, status="resolved"), note, by)


def stream_of(alias: str) -> UUID:
    """The id of the alert of this alias."""
    return told(alias, Alert(fingerprint=alias, status="resolved")).stream


def _kind(responder: Any) -> str | None:
    return str(responder.get("type", "")).lower() if isinstance(responder, dict) else None


def _of_kind(responders: Iterable[Any], kind: str) -> Iterable[dict[str, Any]]:
    return (r for r in responders if _kind(r) == kind and r.get("name"))


def _users(responders: Iterable[Any]) -> Iterable[dict[str, Any]]:
    return (r for r in responders if _kind(r) == "user" and (r.get("username") or r.get("id")))
