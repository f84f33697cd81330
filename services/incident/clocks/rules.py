"""One version of the service levels, ready to be used: targets that know their calendar."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.incident.clocks.calendar import DAY, SECOND, Calendar, day_number
from services.incident.clocks.documents import (
    BUILT_IN,
    WEEKDAYS,
    CalendarDocument,
    SlaDocument,
    TargetDocument,
    When,
)
from services.incident.events import HoldReason
from shared.errors import Invalid

_LONGEST_WEEKS = 520


class Kind(StrEnum):
    RESPONSE = "response"
    RESOLUTION = "resolution"


class OnChange(StrEnum):
    KEEP = "keep"
    RESET = "reset"
    RESET_RETROACTIVE = "reset_retroactive"


class Traits(NamedTuple):
    """What of an incident decides its targets."""

    priority: int | None = None
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    group: str | None = None


class Target(NamedTuple):
    """A promise: so much working time of this calendar at most."""

    name: str
    kind: Kind
    duration: int
    warn_after: int
    calendar_name: str
    calendar: Calendar
    pauses_on: frozenset[HoldReason]
    on_change: OnChange
    when: tuple[tuple[str, frozenset[Any]], ...] = ()

    def applies(self, traits: Traits) -> bool:
        """Whether it is promised to such an incident."""
        return all(getattr(traits, name) in values for name, values in self.when)


class Rules(NamedTuple):
    """A version of the policy; `version` 1 is the built-in one."""

    version: int
    targets: Sequence[Target]

    def choose(self, kind: Kind, traits: Traits) -> Target | None:
        """The first target of this kind that applies."""
        return next((t for t in self.targets if t.kind is kind and t.applies(traits)), None)


def rules_of(document: Mapping[str, Any] | None, version: int) -> Rules:
    """The rules of a stored policy document; the built-in ones where there is none."""
    told = BUILT_IN if document is None else SlaDocument.model_validate(document)
    calendars = {name: calendar_of(each) for name, each in told.calendars.items()}
    return Rules(version, [_target(each, calendars[each.calendar]) for each in told.targets])


def calendar_of(document: CalendarDocument) -> Calendar:
    """A calendar as its document tells it."""
    holidays = frozenset(day_number(each.date) for each in document.holidays)
    week = [[(0, DAY)]] * 7 if document.always else _week(document)
    return Calendar(ZoneInfo(document.timezone), week, holidays)


def check(document: SlaDocument) -> None:
    """Raises Invalid, with a place each, for what the shape alone cannot tell."""
    errors: list[tuple[str, str]] = []
    for name, calendar in document.calendars.items():
        errors += _calendar_errors(f"/calendars/{_escaped(name)}", calendar)
    if not errors:
        errors = [*_target_errors(document)]
    if errors:
        raise Invalid(*errors)


def _target(told: TargetDocument, calendar: Calendar) -> Target:
    duration = told.duration * SECOND
    return Target(
        name=told.name,
        kind=Kind(told.kind),
        duration=duration,
        warn_after=round(duration * told.warn_at),
        calendar_name=told.calendar,
        calendar=calendar,
        pauses_on=frozenset(told.pauses_on),
        on_change=OnChange(told.on_priority_change),
        when=tuple(_conditions(told.when)),
    )


def _conditions(when: When) -> Iterable[tuple[str, frozenset[Any]]]:
    for name, values in when.arguments().items():
        if values is not None:
            yield name, frozenset(values)


def _week(document: CalendarDocument) -> list[list[tuple[int, int]]]:
    """Each day's hours, those included that began the day before."""
    week: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for place, weekday in enumerate(WEEKDAYS):
        for span in document.hours.get(weekday, ()):
            start, end = map(_time_of_day, span.split("-"))
            week[place].append((start, end if end > start else DAY))
            if end <= start and end > 0:
                week[(place + 1) % 7].append((0, end))
    return [sorted(day) for day in week]


def _time_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * 60 * SECOND


def _calendar_errors(place: str, calendar: CalendarDocument) -> Iterable[tuple[str, str]]:
    if calendar.always and any(calendar.hours.values()):
        yield f"{place}/hours", "a calendar that is always open names no hours"
    if not calendar.always and not any(calendar.hours.values()):
        yield f"{place}/hours", "the calendar has no hours: name some, or let it be always open"
    for weekday, day in zip(WEEKDAYS, _week(calendar), strict=True):
        if any(later[0] < earlier[1] for earlier, later in pairwise(day)):
            yield f"{place}/hours/{weekday}", "these hours overlap, or those of the day before do"
    seen: set[date] = set()
    for number, holiday in enumerate(calendar.holidays):
        if holiday.date in seen:
            yield f"{place}/holidays/{number}/date", "is named twice"
        seen.add(holiday.date)


def _target_errors(document: SlaDocument) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for number, target in enumerate(document.targets):
        place = f"/targets/{number}"
        if target.name in seen:
            yield f"{place}/name", "another target has this name"
        seen.add(target.name)
        if target.calendar not in document.calendars:
            known = ", ".join(document.calendars)
            yield f"{place}/calendar", f"there is no such calendar; there are {known}"
        elif target.duration > _LONGEST_WEEKS * _weekly(document.calendars[target.calendar]):
            yield f"{place}/duration", "so much working time takes this calendar over ten years"


def _weekly(calendar: CalendarDocument) -> int:
    if calendar.always:
        return 7 * DAY // SECOND
    return sum(end - start for day in _week(calendar) for start, end in day) // SECOND


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
