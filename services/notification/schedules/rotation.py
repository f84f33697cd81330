"""Whose turn it is in a rotation: plain arithmetic on local clocks.

A hand-over stands at a time of the clock on the wall, the same before and after the clocks change.
One that falls into the hour that is left out comes as much later as clocks were moved; one in the
hour that comes twice, the first time.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.notification.schedules.events import Hours, Layer, Unit, Weekday

_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}
_WEEK = list(Weekday)
_HOURS_AHEAD = 9  # days within which hours begin or end, if they do at all
_LAST_DAY = date(9998, 1, 1)


class Turn(NamedTuple):
    """Somebody's turn: from a moment to another, which is not part of it."""

    person: str
    start: datetime
    end: datetime


def instant(day: date, clock: str, zone: str) -> datetime:
    """The moment a clock on the wall shows this."""
    return _instant(day, clock, zone)


@lru_cache(maxsize=8_192)
def _instant(day: date, clock: str, zone: str) -> datetime:
    local = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone))
    return local.astimezone(UTC)


def turn(layer: Layer, zone: str, at: datetime) -> Turn | None:
    """Whose turn it is, hours of duty aside; None before the first and after the last."""
    if at < begin(layer, zone) or (layer.ends_on is not None and at >= end(layer, zone)):
        return None
    number = _number(layer, zone, at)
    person = layer.people[number % len(layer.people)]
    until = _start(layer, zone, number + 1)
    last = until if layer.ends_on is None else min(until, end(layer, zone))
    return Turn(person, _start(layer, zone, number), last)


def begin(layer: Layer, zone: str) -> datetime:
    """When its first turn begins."""
    return instant(layer.starts_on, layer.handover, zone)


def end(layer: Layer, zone: str) -> datetime:
    """When its last turn ends, at the latest."""
    return instant(layer.ends_on or _LAST_DAY, layer.handover, zone)


def on_duty(layer: Layer, zone: str, at: datetime) -> bool:
    """Whether this moment is within its hours."""
    if not layer.hours:
        return True
    return any(start <= at < end for start, end in _duties(layer, zone, at, days=1))


def edges(layer: Layer, zone: str, after: datetime) -> Iterator[datetime]:
    """Moments after this one at which somebody else's turn, or a time of duty, may begin."""
    for moment in _edges(layer, zone, after):
        if moment > after:
            yield moment


def _edges(layer: Layer, zone: str, after: datetime) -> Iterator[datetime]:
    yield begin(layer, zone)
    if (now := turn(layer, zone, after)) is None:
        return
    yield now.end
    for duty in _duties(layer, zone, after, days=_HOURS_AHEAD):
        yield from duty


def _duties(
    layer: Layer, zone: str, at: datetime, *, days: int
) -> Iterator[tuple[datetime, datetime]]:
    """The times of duty that begin from two days before until so many days after."""
    today = at.astimezone(ZoneInfo(zone)).date()
    for ahead in range(-2, days + 1):
        day = today + timedelta(days=ahead)
        for hours in layer.hours:
            if _WEEK[day.weekday()] in hours.days:
                yield _duty(hours, day, zone)


def _duty(hours: Hours, day: date, zone: str) -> tuple[datetime, datetime]:
    next_day = timedelta(days=0 if hours.end > hours.start else 1)
    return instant(day, hours.start, zone), instant(day + next_day, hours.end, zone)


def _number(layer: Layer, zone: str, at: datetime) -> int:
    """Of the turn that this moment lies in, from 0."""
    if layer.unit is Unit.HOUR:
        return (at - begin(layer, zone)) // timedelta(hours=layer.every)
    local = at.astimezone(ZoneInfo(zone)).date()
    number = max(0, (local - layer.starts_on).days // (_DAYS[layer.unit] * layer.every))
    while number > 0 and _start(layer, zone, number) > at:
        number -= 1
    while _start(layer, zone, number + 1) <= at:
        number += 1
    return number


def _start(layer: Layer, zone: str, number: int) -> datetime:
    if layer.unit is Unit.HOUR:
        return begin(layer, zone) + timedelta(hours=layer.every * number)
    days = _DAYS[layer.unit] * layer.every * number
    return instant(layer.starts_on + timedelta(days=days), layer.handover, zone)
