"""What can happen to a group of alerts: one receiver's, under one group key of its monitor."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

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


@event("alert_group.heard")
class Heard(Event, frozen=True):
    """News of a group, and the incident it stands for from now on; None keeps the one it has."""

    receiver: str
    group_key: str
    signals: tuple[Signal, ...]
    at: datetime
    incident: UUID | None = None
