"""What can happen to an on-call schedule. These names and fields are stored for ever.

People stand here by their ids in tokens, as in teams.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.notification.keyed.keyed import Said
from shared.domain import Event, State, event


class Unit(StrEnum):
    HOUR = "hour"  # of elapsed time
    DAY = "day"  # by the clock on the wall
    WEEK = "week"


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Hours(State, frozen=True):
    """Of these days, from one time of the clock to another; an end not after its start is of the
    next day."""

    days: tuple[Weekday, ...]
    start: str  # such as 09:00
    end: str


class Layer(State, frozen=True):
    """A rotation: people in turn, from the hand-over of its first day on."""

    people: tuple[str, ...]
    starts_on: date
    handover: str = "09:00"
    unit: Unit = Unit.WEEK
    every: int = 1
    time_zone: str = ""  # the schedule's
    ends_on: date | None = None  # at the hand-over of that day
    hours: tuple[Hours, ...] = ()  # on duty only then; empty: always
    name: str = ""


@event("schedule.set")
class ScheduleSet(Said, frozen=True):
    """What it says from this moment on; who was on call before it stays as it was."""

    time_zone: str
    layers: tuple[Layer, ...]
    at: datetime


@event("schedule.retired")
class ScheduleRetired(Event, frozen=True):
    key: str
    at: datetime


@event("schedule.overridden")
class Overridden(Event, frozen=True):
    """Somebody is on call instead of whoever it would be; of a time that is past: they were."""

    override: UUID
    person: str
    start: datetime
    end: datetime


@event("schedule.override_removed")
class OverrideRemoved(Event, frozen=True):
    override: UUID


ScheduleEvent = ScheduleSet | ScheduleRetired | Overridden | OverrideRemoved
