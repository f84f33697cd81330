"""The on-call schedule: layers of rotations, and who stands in for whom, as managed data.

It keeps each plan that was ever in force: who was on call then is told by the plan of that time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, assert_never
from uuid import UUID

from services.notification.keyed.keyed import Keyed, require_free, require_same
from services.notification.schedules.events import (
    Layer,
    Overridden,
    OverrideRemoved,
    ScheduleEvent,
    ScheduleRetired,
    ScheduleSet,
)
from shared.domain import State, changed
from shared.errors import NotFound, Refused

_SHOWN = 100


class Plan(State, frozen=True):
    """The layers in force from a moment on; none once it was retired."""

    since: datetime
    time_zone: str
    layers: tuple[Layer, ...]
    retired: bool = False


class Override(State, frozen=True, rename={"start": "from", "end": "until"}):
    """Somebody instead of whoever it would be."""

    id: UUID
    person: str
    start: datetime
    end: datetime


class Schedule(Keyed, frozen=True):
    """A schedule as its events tell it: plans and overrides in the order they were said."""

    noun: ClassVar[str] = "schedule"

    plans: tuple[Plan, ...] = ()
    overrides: tuple[Override, ...] = ()

    def shown(self) -> dict[str, Any]:
        """The plan in force, and the overrides that end last."""
        plan = self.plans[-1] if self.plans else None
        last = sorted(self.overrides, key=lambda each: (each.end, each.id))[-_SHOWN:]
        return {
            "time_zone": plan.time_zone if plan else "UTC",
            "layers": plan.layers if plan else (),
            "overrides": tuple(last),
        }


def add(schedule: Schedule, *, said: ScheduleSet) -> Sequence[ScheduleEvent]:
    """A schedule of this key, new or taken up again."""
    require_free(schedule)
    return [_manned(said)]


def change(schedule: Schedule, *, said: ScheduleSet) -> Sequence[ScheduleEvent]:
    """Say the whole schedule anew, from this moment on."""
    require_same(schedule, said.key)
    now = schedule.plans[-1]
    is_so = (now.time_zone, now.layers, schedule.name) == (said.time_zone, said.layers, said.name)
    return [] if is_so else [_manned(said)]


def override(
    schedule: Schedule, *, id: UUID, person: str, start: datetime, end: datetime
) -> Sequence[ScheduleEvent]:
    """Let somebody else be on call for a time, past or to come; the latest word holds."""
    if schedule.retired:
        raise Refused("the schedule is retired; add it again to take it up")
    return [Overridden(override=id, person=person, start=start, end=end)]


def remove_override(schedule: Schedule, *, override: UUID) -> Sequence[ScheduleEvent]:
    """Take an override back, as if it had never been."""
    if all(each.id != override for each in schedule.overrides):
        raise NotFound("the schedule has no such override")
    return [OverrideRemoved(override=override)]


def retire(schedule: Schedule, *, at: datetime) -> Sequence[ScheduleEvent]:
    return [] if schedule.retired else [ScheduleRetired(key=schedule.key, at=at)]


def evolve(schedule: Schedule, event: ScheduleEvent) -> Schedule:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case ScheduleSet():
            plan = Plan(since=event.at, time_zone=event.time_zone, layers=event.layers)
            plans = (*schedule.plans, plan)
            return changed(schedule, key=event.key, name=event.name, plans=plans, retired=False)
        case ScheduleRetired():
            return changed(schedule, plans=(*schedule.plans, _nobody(event)), retired=True)
        case Overridden():
            said = Override(
                id=event.override, person=event.person, start=event.start, end=event.end
            )
            return changed(schedule, overrides=(*schedule.overrides, said))
        case OverrideRemoved():
            kept = tuple(each for each in schedule.overrides if each.id != event.override)
            return changed(schedule, overrides=kept)
        case _:
            assert_never(event)


def _nobody(event: ScheduleRetired) -> Plan:
    return Plan(since=event.at, time_zone="UTC", layers=(), retired=True)


def _manned(said: ScheduleSet) -> ScheduleSet:
    if any(not layer.people for layer in said.layers):
        raise Refused("a rotation needs somebody in it; name people, or leave the layer out")
    return said
