"""Who is on call, told the long way: every turn one after another, by dateutil's clocks.

Nothing of the code under test is used but its events.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import cycle
from typing import Any

from dateutil import tz

from services.notification.schedules.events import (
    Hours,
    Layer,
    Overridden,
    OverrideRemoved,
    ScheduleEvent,
    ScheduleRetired,
    ScheduleSet,
)

WEEK = "monday tuesday wednesday thursday friday saturday sunday".split()
STEP = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


@cache
def moment(local: datetime, zone: str) -> datetime:
    """What a clock on the wall there means, for dateutil."""
    there = local.replace(tzinfo=tz.gettz(zone))
    existing: datetime = tz.resolve_imaginary(there)  # type: ignore[no-untyped-call]
    return existing.astimezone(UTC)


def on_call(events: Sequence[ScheduleEvent], at: datetime, horizon: datetime) -> str | None:
    """The person, by replaying everything that was said; `at` comes before the horizon."""
    kept: dict[Any, Overridden] = {}
    plan = next((event for event in events if isinstance(event, ScheduleSet)), None)
    for event in events:
        match event:
            case Overridden():
                kept[event.override] = event
            case OverrideRemoved():
                del kept[event.override]
            case ScheduleSet() if event.at <= at:
                plan = event
            case ScheduleRetired() if event.at <= at:
                plan = None
    person = None if plan is None else _by_layers(plan, at, horizon)
    for override in kept.values():
        if override.start <= at < override.end:
            person = override.person
    return person


def _by_layers(plan: ScheduleSet, at: datetime, horizon: datetime) -> str | None:
    found = None
    for layer in plan.layers:
        zone = layer.time_zone or plan.time_zone
        if not layer.hours or any(_covers(hours, zone, at) for hours in layer.hours):
            turns = _turns(layer, zone, horizon)
            found = next((who for start, end, who in turns if start <= at < end), found)
    return found


@cache
def _turns(layer: Layer, zone: str, horizon: datetime) -> list[tuple[datetime, datetime, str]]:
    last = horizon
    if layer.ends_on is not None:
        last = min(horizon, moment(_local(layer.ends_on, layer), zone))
    found, starts = [], _starts(layer, zone)
    start = next(starts)
    for person in cycle(layer.people):
        end = next(starts)
        found.append((start, min(end, last), person))
        if (start := end) >= last:
            return found
    return found


def _starts(layer: Layer, zone: str) -> Iterator[datetime]:
    local = _local(layer.starts_on, layer)
    if layer.unit == "hour":
        first = moment(local, zone)
        while True:
            yield first
            first += timedelta(hours=layer.every)
    while True:
        yield moment(local, zone)
        local += STEP[layer.unit] * layer.every


def _local(day: Any, layer: Layer) -> datetime:
    return datetime.combine(day, time.fromisoformat(layer.handover))


@cache
def _duty(hours: Hours, zone: str, day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time.fromisoformat(hours.start))
    end = datetime.combine(day, time.fromisoformat(hours.end))
    end += timedelta(days=1 if end <= start else 0)
    return moment(start, zone), moment(end, zone)


def _covers(hours: Hours, zone: str, at: datetime) -> bool:
    today = at.astimezone(tz.gettz(zone)).date()
    days = [today + timedelta(days=n) for n in range(-3, 3)]
    duties = [_duty(hours, zone, day) for day in days if WEEK[day.weekday()] in hours.days]
    return any(start <= at < end for start, end in duties)
