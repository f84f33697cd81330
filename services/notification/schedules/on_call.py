"""Who is on call, was, or will be: told by a schedule's plans and overrides alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from uuid import UUID

from services.notification.schedules import rotation
from services.notification.schedules.schedule import Plan, Schedule
from shared.domain import State

_FAR = timedelta(days=366)
_MOST_STEPS = 3_000


class Gap(StrEnum):
    """Why nobody is on call."""

    NOT_YET = "the schedule did not exist yet"
    RETIRED = "the schedule is retired"
    NO_LAYERS = "the schedule has no rotation"
    UNCOVERED = "no rotation covers this time"


class Duty(State, frozen=True):
    """Who is on call at a moment, by which layer (its place, from 0) or override; or why nobody."""

    person: str | None = None
    layer: int | None = None
    override: UUID | None = None
    gap: Gap | None = None


class Shift(State, frozen=True):
    """A time of which all moments have the same answer; `end` is not part of it."""

    start: datetime
    end: datetime
    duty: Duty


def on_call(schedule: Schedule, at: datetime) -> Duty:
    """The latest override of this moment; else the topmost layer, of the plan of that time."""
    for override in reversed(schedule.overrides):
        if override.start <= at < override.end:
            return Duty(person=override.person, override=override.id)
    plan = _plan(schedule, at)
    if plan is None:
        return Duty(gap=Gap.NOT_YET)
    return _planned(plan, at) or Duty(gap=_gap(plan, at))


def shifts(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Shift]:
    """Who is on call from one moment to another, gaps among them, each as long as it lasts.

    The last one may end before that: a few thousand edges are looked at, no more.
    """
    at, began, duty = start, start, on_call(schedule, start)
    for _ in range(_MOST_STEPS):
        at = min(_next_edge(schedule, at), end)
        if at >= end:
            break
        if (after := on_call(schedule, at)) != duty:
            yield Shift(start=began, end=at, duty=duty)
            began, duty = at, after
    if began < at:
        yield Shift(start=began, end=at, duty=duty)


def changes_at(schedule: Schedule, at: datetime) -> datetime | None:
    """When the answer of this moment next changes; None where it does not within a year."""
    found = list(islice(shifts(schedule, at, at + _FAR), 2))
    return found[0].end if len(found) > 1 else None


def _planned(plan: Plan, at: datetime) -> Duty | None:
    for place in range(len(plan.layers) - 1, -1, -1):
        layer = plan.layers[place]
        zone = layer.time_zone or plan.time_zone
        turn = rotation.turn(layer, zone, at)
        if turn is not None and rotation.on_duty(layer, zone, at):
            return Duty(person=turn.person, layer=place)
    return None


def _gap(plan: Plan, at: datetime) -> Gap:
    if at < plan.since:
        return Gap.NOT_YET
    if plan.retired:
        return Gap.RETIRED
    return Gap.UNCOVERED if plan.layers else Gap.NO_LAYERS


def _plan(schedule: Schedule, at: datetime) -> Plan | None:
    """The last one said that is in force by then; the first one from when its layers say."""
    by_then = (plan for plan in reversed(schedule.plans) if plan.since <= at)
    return next(by_then, next(iter(schedule.plans), None))


def _next_edge(schedule: Schedule, at: datetime) -> datetime:
    return min((edge for edge in _edges(schedule, at) if edge > at), default=at + _FAR)


def _edges(schedule: Schedule, at: datetime) -> Iterator[datetime]:
    for plan in schedule.plans:
        yield plan.since
    for override in schedule.overrides:
        yield from (override.start, override.end)
    if (now := _plan(schedule, at)) is not None:
        for layer in now.layers:
            yield from rotation.edges(layer, layer.time_zone or now.time_zone, at)
