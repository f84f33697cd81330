"""How schedules and who is on call look to a caller."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from services.notification.keyed.rows import KeyedItem
from services.notification.schedules.events import Hours, Unit
from services.notification.schedules.on_call import Duty, Gap


class LayerView(msgspec.Struct, kw_only=True):
    """A rotation; without a time zone of its own the schedule's counts."""

    name: str
    people: list[str]
    starts_on: date
    ends_on: date | None
    handover: str
    unit: Unit
    every: int
    time_zone: str
    hours: list[Hours]


class OverrideView(msgspec.Struct, kw_only=True):
    """Somebody instead of whoever it would be."""

    id: UUID
    person: str
    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="until")


class ScheduleView(KeyedItem, kw_only=True):
    """A schedule as it is in force, with the hundred overrides that end last."""

    time_zone: str
    layers: list[LayerView]
    overrides: list[OverrideView]


class SchedulePage(msgspec.Struct, kw_only=True):
    items: list[ScheduleView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class OnCallView(msgspec.Struct, kw_only=True):
    """Who is on call at a moment; with nobody, `gap` says why. `until`: when that changes, if
    within a year."""

    schedule: str
    at: datetime
    person: str | None
    layer: int | None
    override: UUID | None
    gap: Gap | None
    until: datetime | None
    position: int


class ShiftView(msgspec.Struct, kw_only=True):
    """A time with one answer; with nobody, `gap` says why."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="until")
    person: str | None
    layer: int | None
    override: UUID | None
    gap: Gap | None


class ShiftsView(msgspec.Struct, kw_only=True):
    """Shifts one after another, gaps among them; told until the end of the last."""

    schedule: str
    items: list[ShiftView]
    position: int


def told(duty: Duty) -> dict[str, Any]:
    """What a duty says, by name."""
    return {name: getattr(duty, name) for name in Duty.__struct_fields__}
