"""CloudEvents 1.0 over HTTP as alerts: binary, structured or batched, read as the rules say."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from services.incident.alerts.cloudevent_rules import CloudEventRules
from services.incident.alerts.notification import Notification
from services.incident.facts import Alert
from shared.errors import Invalid

SOURCE = "cloudevents"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MOST_EVENTS = 1_000
_NAME = re.compile(r"[a-z0-9]{1,100}")
_REQUIRED = ("id", "source", "specversion", "type")
_ABOUT_THE_EVENT = frozenset({"id", "specversion", "time", "datacontenttype", "dataschema"})
_MOST_LABELS = 200
_LONGEST_NAME = 200


class CloudEvent(NamedTuple):
    """One event: its attributes as texts, its data as decoded JSON or as text."""

    attributes: Mapping[str, str]
    data: Any

    def at(self, place: str) -> str | None:
        """The text at a place; None where there is none, or no plain value."""
        found: Any = self.attributes.get(place)
        if place.startswith("data."):
            found = self.data
            for step in place.split(".")[1:]:
                found = found.get(step) if isinstance(found, dict) else None
        return _text(found)

    def together(self, places: Iterable[str]) -> str:
        """The texts at these places; the stem of its type where there is none."""
        found = [text for place in places if (text := self.at(place))]
        return ", ".join(found)

    def first(self, places: Iterable[str]) -> str:
        """The first text among these places."""
        return next((text for place in places if (text := self.at(place))), "")

    @property
    def time(self) -> datetime | None:
        """When it happened. Raises Invalid for what is no time."""
        stated = self.attributes.get("time")
        if not stated:
            return None
        try:
            moment = datetime.fromisoformat(stated)
        except ValueError:
            raise Invalid(("/time", "must be an RFC 3339 time")) from None
        if moment.tzinfo is None:
            raise Invalid(("/time", "must be a time with its zone"))
        return moment.astimezone(UTC) if 1971 <= moment.year <= 9997 else None


def from_binary(headers: Iterable[tuple[str, str]], data: Any) -> CloudEvent:
    """An event whose attributes are headers. Raises Invalid."""
    told = {n[3:]: _unquoted(n, v) for n, v in headers if n.startswith("ce-")}
    return _checked(told, data, "header:ce-")


def from_structured(body: Any, pointer: str = "") -> CloudEvent:
    """An event that is a JSON object. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid((pointer, "must be a CloudEvent: a JSON object"))
    told = {n: v for n, v in body.items() if n not in ("data", "data_base64") and v is not None}
    for name, value in told.items():
        if not isinstance(value, str | bool | int):
            raise Invalid((f"{pointer}/{name}", "must be a text, a number or true or false"))
    data = body.get("data")
    if "data_base64" in body:
        data = _decoded(body["data_base64"], f"{pointer}/data_base64")
    return _checked({n: _text(v) or "" for n, v in told.items()}, data, f"{pointer}/")


def from_batch(body: Any) -> list[CloudEvent]:
    """The events of a JSON array. Raises Invalid."""
    if not isinstance(body, list):
        raise Invalid(("", "must be a batch of CloudEvents: a JSON array"))
    if len(body) > MOST_EVENTS:
        raise Invalid(("", f"must hold {MOST_EVENTS} events at most"))
    return [from_structured(each, f"/{place}") for place, each in enumerate(body)]


def notifications(events: Sequence[CloudEvent], rules: CloudEventRules) -> list[Notification]:
    """What these events tell, those of one group together, each group's in their order."""
    of: dict[tuple[str, str, bool], list[Alert]] = {}
    for each in events:
        stem = _stem(each, rules)
        group = each.together(rules.group_key) or stem
        keyed = each.time is None
        of.setdefault((each.together(rules.receiver) or stem, group, keyed), []).append(
            _alert(each, rules, stem)
        )
    return [
        Notification(SOURCE, *key[:2], alerts, {}, keyed=key[2], whole=True)
        for key, alerts in of.items()
    ]


def _alert(event: CloudEvent, rules: CloudEventRules, stem: str) -> Alert:
    at, over = event.time, _last_word(event.first(rules.status)) in rules.ended
    told = {"summary": event.first(rules.title), "description": event.first(rules.description)}
    return Alert(
        fingerprint=_short(event.together(rules.fingerprint) or stem),
        status="resolved" if over else "firing",
        starts_at=None if over else at,
        ends_at=at if over else None,
        labels=_labels(event),
        annotations={name: text for name, text in told.items() if text},
        revision=None if over or at else _digest(event.data),
        more={"attributes": dict(event.attributes), "data": event.data},
    )


def _labels(event: CloudEvent) -> dict[str, str]:
    """What rules can match: plain fields of the data, its labels, and the attributes before all."""
    data = event.data if isinstance(event.data, dict) else {}
    nested = data.get("labels")
    told = {**data, **(nested if isinstance(nested, dict) else {})}
    attributes = {n: v for n, v in event.attributes.items() if n not in _ABOUT_THE_EVENT}
    plain = [(n, text) for n, v in told.items() if n and (text := _text(v)) is not None]
    return dict(plain[:_MOST_LABELS]) | attributes


def _stem(event: CloudEvent, rules: CloudEventRules) -> str:
    """Its type, without the word that tells whether it has ended."""
    stem, _, last = event.attributes["type"].rpartition(".")
    known = {*rules.ended, "firing", "triggered", "alerting", "raised", "opened", "down"}
    return stem if stem and last.lower() in known else event.attributes["type"]


def _checked(told: Mapping[str, str], data: Any, pointer: str) -> CloudEvent:
    missing = [(f"{pointer}{n}", "is missing") for n in _REQUIRED if not told.get(n)]
    odd = [(f"{pointer}{n}", "is no attribute's name") for n in told if not _NAME.fullmatch(n)]
    if missing or odd:
        raise Invalid(*missing, *odd)
    if not told["specversion"].startswith(("1.", "0.3")):
        raise Invalid((f"{pointer}specversion", "must be 1.0"))
    event = CloudEvent(told, data)
    _ = event.time
    return event


def _unquoted(name: str, value: str) -> str:
    try:
        text = unquote(value.strip('"'), errors="strict")
    except UnicodeDecodeError:
        raise Invalid((f"header:{name}", "is not percent-encoded UTF-8")) from None
    if "\0" in text:
        raise Invalid((f"header:{name}", "must not hold the character NUL"))
    return text


def _decoded(value: Any, pointer: str) -> Any:
    """Binary data: as JSON or text where it is that, else as it came."""
    try:
        raw = base64.b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise Invalid((pointer, "is not Base64")) from None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return value


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode() if isinstance(value, bool | int | float) else None


def _last_word(text: str) -> str:
    return text.rpartition(".")[2].strip().lower()


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else hashlib.sha256(name.encode()).hexdigest()


def _digest(data: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(data, order="sorted")).hexdigest()[:16]
