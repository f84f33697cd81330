"""What a clock's timer does: record a warning or a breach that the log, as it stands, bears out.

A timer that rings too early or for nothing is harmless; one that rings late records what was due.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from services.incident.clocks.calendar import micros, moment_at
from services.incident.clocks.clock import Clock
from services.incident.clocks.desk import Desk, Reading
from services.incident.clocks.rows import TIMER, next_ring
from services.incident.facts import (
    FACTS,
    Fact,
    Facts,
    SlaBreached,
    SlaWarned,
    facts_stream,
    pass_once,
)
from shared.domain import State
from shared.errors import Unavailable
from shared.ledger import Ledger
from shared.timers import Handler
from shared.work import Work

_ACTOR = "system:sla"
_TRIES = 8
_ARM = """insert into timers (stream, name, due_at) values ($1, $2, $3)
    on conflict (stream, name) do update set due_at = excluded.due_at, tries = 0"""


def ringing(desk: Desk) -> Handler:
    """The handler of the timers that the keeper arms."""
    facts: Ledger[Facts, Fact] = Ledger(desk.store, FACTS)

    async def ring(incident: UUID) -> None:
        for _ in range(_TRIES):
            reading = await desk.read(incident, desk.store.clock())
            passed = list(passed_by(reading, incident))
            if not passed:
                await _arm(desk, incident, reading)
                return
            if await _record(desk, facts, incident, reading, passed):
                return
        raise Unavailable("the incident keeps changing at this moment")

    return ring


def passed_by(reading: Reading, incident: UUID) -> Iterator[SlaWarned | SlaBreached]:
    """Warnings and breaches that are due and not yet recorded, the earlier ones first."""
    for clock in reading.clocks:
        if clock.chosen.quiet or clock.breach is not None:
            continue
        breached, warned = clock.breached_at(reading.now), _warned_at(clock, reading.now)
        if warned is not None and (breached is None or warned < breached):
            yield SlaWarned(**_told(clock, incident, warned))
        if breached is not None:
            yield SlaBreached(**_told(clock, incident, breached))


def _warned_at(clock: Clock, now: int) -> int | None:
    at = clock.warning_at() if clock.is_live and clock.warned is None else None
    return at if at is not None and at <= now else None


def _told(clock: Clock, incident: UUID, at: int) -> dict[str, Any]:
    due = clock.planned()
    return {
        "incident": incident,
        "kind": clock.kind.value,
        "round": clock.round,
        "target": clock.target.name,
        "policy_version": clock.version,
        "at": moment_at(at),
        "due_at": None if due is None else moment_at(due),
    }


async def _record(
    desk: Desk,
    facts: Ledger[Facts, Fact],
    incident: UUID,
    reading: Reading,
    passed: list[SlaWarned | SlaBreached],
) -> bool:
    """Whether it was stored; not where the incident has moved since it was read."""
    work = Work(desk.store, _ACTOR)
    held = await work.execute(desk.incidents, incident, _unchanged)
    if held.version != max(
        e.originator_version for e in reading.events if e.originator_id == incident
    ):
        return False
    await work.execute(facts, facts_stream(incident), pass_once, passed=passed)
    return (await work.append()).outcome in ("appended", "already")


async def _arm(desk: Desk, incident: UUID, reading: Reading) -> None:
    """Nothing is due: ring again when something is."""
    rings = [at for clock in reading.clocks if (at := next_ring(clock)) is not None]
    later: datetime | None = moment_at(min(rings)) if rings else None
    if later is not None and micros(later) > reading.now:
        await desk.store.pool.execute(_ARM, incident, TIMER, later)


def _unchanged(state: State) -> list[Any]:
    return []
