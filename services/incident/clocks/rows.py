"""The read model of clocks: a row for each, in version rows, for lists and figures."""

from typing import Any, NamedTuple

from services.incident.clocks.calendar import SECOND, moment_at
from services.incident.clocks.clock import Clock, Verdict

TIMER = "sla"
"""The name of the timers that record warnings and breaches."""

COLUMNS = (
    "target", "priority", "policy_version", "calendar", "state", "started_at", "due_at",
    "warn_at", "warned_at", "breached_at", "stopped_at", "verdict", "verdict_at", "corrected",
    "corrected_at", "target_seconds", "elapsed_seconds", "imported",
)  # fmt: skip


class ClockKey(NamedTuple):
    """Which clock of an incident."""

    kind: str
    round: int


def key_of(clock: Clock) -> ClockKey:
    """A clock's key."""
    return ClockKey(clock.kind.value, clock.round)


def row_of(clock: Clock, now: int) -> tuple[Any, ...]:
    """A clock as a row; what it has run so far only once it does not run."""
    going = clock.course.going
    is_running = going is not None and going.is_running
    return (
        clock.target.name,
        clock.chosen.traits.priority,
        clock.version,
        clock.target.calendar_name,
        clock.state(now),
        moment_at(clock.started),
        *map(_moment, (clock.planned(), clock.warning_at(), clock.warned and clock.warned.at)),
        *map(_moment, (clock.breached_at(now), clock.ended_at)),
        *_told(clock.recorded),
        *_told(clock.corrected),
        clock.target.duration / SECOND,
        None if is_running else clock.elapsed(now) / SECOND,
        clock.chosen.quiet,
    )


def next_ring(clock: Clock) -> int | None:
    """When a machine has something to record about it; imported history is left alone."""
    if clock.chosen.quiet or clock.breach is not None:
        return None
    if not clock.is_live:
        return clock.recorded.at if clock.recorded and clock.is_breached else None
    due = clock.recorded.at if clock.recorded and clock.is_breached else clock.due()
    warning = clock.warning_at() if clock.warned is None else None
    return min((at for at in (due, warning) if at is not None), default=None)


def _told(verdict: Verdict | None) -> tuple[Any, Any]:
    if verdict is None:
        return None, None
    return "met" if verdict.is_met else "breached", moment_at(verdict.at)


def _moment(instant: int | None) -> Any:
    return None if instant is None else moment_at(instant)
