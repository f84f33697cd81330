"""What the commands of schedules take."""

import re
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from services.notification.schedules.events import Hours, Layer, Unit, Weekday
from shared.http.body import Body, Line, Moment, Name, Whole

_LONGEST_SHIFT = 400 * 24  # hours
_HOURS_OF = {Unit.HOUR: 1, Unit.DAY: 24, Unit.WEEK: 168}
_EXAMPLE: Any = {
    "key": "payments",
    "name": "Payments, around the clock",
    "time_zone": "Europe/Berlin",
    "layers": [{"people": ["ada", "bob"], "starts_on": "2026-11-23", "handover": "09:00"}],
}


def _a_day(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"(19[7-9]|2\d\d)\d-\d\d-\d\d", value):
        raise ValueError("must be a day between 1970 and 2999, such as 2026-11-23")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _is_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be a time zone's name, such as Europe/Berlin")
    return name


def within_reach(moment: Any) -> Any:
    """A moment that schedules are asked about. Raises ValueError."""
    if moment is not None and moment.year > 2999:
        raise ValueError("must be a time before the year 3000")
    return moment


Day = Annotated[date, BeforeValidator(_a_day), Field(examples=["2026-11-23"])]
ClockTime = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5, examples=["09:00"])
]
TimeZone = Annotated[
    str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_is_zone)
]
Reached = Annotated[Moment, AfterValidator(within_reach)]


class HoursDocument(Body):
    """Of these days, from a time of the clock to another; up to one not later: of the next day."""

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    start: ClockTime
    end: Annotated[ClockTime, Field(examples=["17:00"])]

    def said(self) -> Hours:
        """As it is stored."""
        return Hours(days=tuple(dict.fromkeys(self.days)), start=self.start, end=self.end)


class LayerDocument(Body):
    """A rotation: people in turn, handing over at the same time of the clock on the wall."""

    name: Annotated[str, Field(max_length=100)] = ""
    people: Annotated[list[Name], Field(min_length=1, max_length=100)]
    starts_on: Annotated[Day, Field(description="The first one's turn begins at its hand-over")]
    ends_on: Annotated[Day | None, Field(description="At its hand-over; open if left out")] = None
    handover: ClockTime = "09:00"
    unit: Annotated[Unit, Field(description="Of a turn; hours are hours of elapsed time")] = (
        Unit.WEEK
    )
    every: Annotated[Whole, Field(ge=1, le=400, description="How many units a turn lasts")] = 1
    time_zone: Annotated[TimeZone | None, Field(description="The schedule's if left out")] = None
    hours: Annotated[
        list[HoursDocument], Field(max_length=10, description="On duty only then")
    ] = []

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.every * _HOURS_OF[self.unit] > _LONGEST_SHIFT:
            raise ValueError("a turn lasts 400 days at most")
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            raise ValueError("ends_on must follow starts_on")
        return self

    def said(self) -> Layer:
        """As it is stored."""
        return Layer(
            people=tuple(self.people),
            starts_on=self.starts_on,
            handover=self.handover,
            unit=self.unit,
            every=self.every,
            time_zone=self.time_zone or "",
            ends_on=self.ends_on,
            hours=tuple(hours.said() for hours in self.hours),
            name=self.name,
        )


class ScheduleDocument(Body):
    """A schedule, from now on: of several layers the last one that covers a time counts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    key: Annotated[Name, Field(examples=["payments"])]
    name: Annotated[Line, Field(examples=["Payments, around the clock"])]
    time_zone: TimeZone = "UTC"
    layers: Annotated[list[LayerDocument], Field(max_length=10)] = []


class OverrideDocument(Body):
    """Somebody is on call instead of whoever it would be; of a past time: they were."""

    person: Name
    start: Annotated[Reached, Field(alias="from")]
    end: Annotated[Reached, Field(alias="until", description="That moment is not part of it")]

    @field_validator("end")
    @classmethod
    def _ends_later(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and end <= start:
            raise ValueError("must follow from")
        return end
