"""What can happen to a group of alerts: those that share an incident while they fire."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from services.incident.facts import Alert, Decided
from shared.domain import Event, event


class AlertStatus(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


class Signal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That one alert fires or has ended; its labels stand with the incident it belongs to."""

    fingerprint: str
    status: AlertStatus
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    revision: str | None = None  # of what a sender says that repeats itself in other words
    teller: str | None = None  # which of a sender's peers


@event("alert_group.heard")
class Heard(Event, frozen=True):
    """News of a group, and the incident it stands for from now on; None keeps the one it has."""

    receiver: str
    group_key: str
    signals: tuple[Signal, ...]
    at: datetime
    incident: UUID | None = None
    source: str | None = None
    integration: str | None = None  # the name of the credentials it came with
    decided: Decided | None = None
    beside: bool = False  # the earlier incident keeps the alerts that it has
    lapses_at: datetime | None = None  # unless the monitor repeats it until then


@event("alert_group.recorded")
class Recorded(Event, frozen=True):
    """Alerts in full that belong to no incident, perhaps not yet."""

    alerts: tuple[Alert, ...]
    more: dict[str, Any] = {}


@event("alert_group.repeated")
class Repeated(Event, frozen=True):
    """The monitor still tells of these; taken down a few times in the time they would lapse in."""

    fingerprints: tuple[str, ...]
    at: datetime
    lapses_at: datetime


@event("alert_group.lapsed")
class Lapsed(Event, frozen=True):
    """The monitor has told nothing of these for so long that they no longer count as firing."""

    fingerprints: tuple[str, ...]
    at: datetime
    lapses_at: datetime | None = None  # of what is left


@event("alert_group.reconsidered")
class Reconsidered(Event, frozen=True):
    """What had kept the rules from doing more was looked at again."""

    at: datetime
    decided: Decided
    incident: UUID | None = None


GroupEvent = Heard | Recorded | Repeated | Lapsed | Reconsidered
