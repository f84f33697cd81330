"""How clocks explain themselves."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.incident.clocks.calendar import SECOND, moment_at
from services.incident.clocks.clock import Clock, Segment, Verdict
from services.incident.clocks.steps import Step
from services.incident.facts import Judgement, SlaJudged
from shared.store.reader import Recorded

_SHOWN = 50


class Because(msgspec.Struct, frozen=True):
    """The event that led to it."""

    event: UUID
    position: int
    reason: str


class SegmentView(msgspec.Struct, frozen=True):
    """Time of one sort: all of it in seconds, and what counted (in the calendar's hours)."""

    begin: datetime = msgspec.field(name="from")
    until: datetime
    kind: str
    seconds: float
    counted_seconds: float
    because: Because


class VerdictView(msgspec.Struct, frozen=True):
    """How it ended; `recorded_by` is the machine's record of a breach."""

    verdict: str
    at: datetime
    policy_version: int
    recorded_by: UUID | None = None


class Verdicts(msgspec.Struct, frozen=True):
    """The verdict as it was known first; beside it what a later correction makes of it."""

    recorded: VerdictView | None
    corrected: VerdictView | None


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """One clock; `round` counts the clocks of its kind that were begun before it."""

    kind: str
    target: str
    round: int
    priority: int | None
    policy_version: int
    calendar: str
    state: str
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    warn_at: datetime | None
    warned_at: datetime | None
    breached_at: datetime | None
    target_seconds: float
    elapsed_seconds: float
    remaining_seconds: float
    percentage: float
    chosen_because: Because
    verdict: Verdicts
    segments: list[SegmentView]


class RerunView(msgspec.Struct, frozen=True):
    """The same incident under another version of the policy."""

    rerun: UUID
    policy_version: int
    event: UUID
    recorded_at: datetime
    clocks: list[Judgement]


def clock_view(clock: Clock, now: int) -> ClockView:
    """A clock as it stands at a moment."""
    elapsed, target = clock.elapsed(now), clock.target
    return ClockView(
        kind=clock.kind,
        target=target.name,
        round=clock.round,
        priority=clock.chosen.traits.priority,
        policy_version=clock.version,
        calendar=target.calendar_name,
        state=clock.state(now),
        started_at=moment_at(clock.started),
        stopped_at=_moment(clock.ended_at),
        due_at=_moment(clock.planned()),
        warn_at=_moment(clock.warning_at()),
        warned_at=_moment(clock.warned and clock.warned.at),
        breached_at=_moment(clock.breached_at(now)),
        target_seconds=target.duration / SECOND,
        elapsed_seconds=elapsed / SECOND,
        remaining_seconds=(target.duration - elapsed) / SECOND,
        percentage=round(100 * elapsed / target.duration, 2),
        chosen_because=_because(clock.chosen),
        verdict=_verdicts(clock, now),
        segments=[_segment(segment) for segment in clock.segments(now)],
    )


def judgements(clocks: Iterable[Clock], now: int) -> tuple[Judgement, ...]:
    """The clocks of an incident in short."""
    return tuple(
        Judgement(
            kind=clock.kind.value,
            target=clock.target.name,
            round=clock.round,
            priority=clock.chosen.traits.priority,
            state=clock.state(now),
            due_at=_moment(clock.planned()),
            stopped_at=_moment(clock.ended_at),
            breached_at=_moment(clock.breached_at(now)),
            elapsed_seconds=clock.elapsed(now) / SECOND,
        )
        for clock in clocks
    )


def rerun_views(events: Iterable[Recorded]) -> list[RerunView]:
    """What other versions of the policy have said, as it was recorded; the newest last."""
    judged = [each for each in events if each.topic == SlaJudged.topic]
    return [_rerun(each, each.event) for each in judged[-_SHOWN:]]


def _rerun(recorded: Recorded, event: Any) -> RerunView:
    return RerunView(
        event.rerun,
        event.policy_version,
        recorded.event_id,
        recorded.recorded_at,
        list(event.judgements),
    )


def _verdicts(clock: Clock, now: int) -> Verdicts:
    recorded, breached = clock.recorded, clock.breached_at(now)
    if recorded is None and breached is not None:
        recorded = Verdict(False, breached)
    event = clock.breach and clock.breach.event
    return Verdicts(
        _verdict(clock, recorded, event if recorded and not recorded.is_met else None),
        _verdict(clock, clock.corrected, None),
    )


def _verdict(clock: Clock, verdict: Verdict | None, event: UUID | None) -> VerdictView | None:
    if verdict is None:
        return None
    told = "met" if verdict.is_met else "breached"
    return VerdictView(told, moment_at(verdict.at), clock.version, event)


def _segment(segment: Segment) -> SegmentView:
    return SegmentView(
        moment_at(segment.begin),
        moment_at(segment.end),
        "running" if segment.is_running else "paused",
        (segment.end - segment.begin) / SECOND,
        segment.counted / SECOND,
        _because(segment.because),
    )


def _because(step: Step) -> Because:
    return Because(step.event, step.position, step.reason)


def _moment(instant: int | None) -> datetime | None:
    return None if instant is None else moment_at(instant)
