"""What the regulators' timer does: record what is due soon, or overdue, as far as the log goes.

It looks again at least every hour while a report is open: another policy may say otherwise.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.incident.facts import FACTS, Fact, Facts, facts_stream, pass_once
from services.incident.incidents import REGULATORS
from services.incident.regulators.deadlines import Deadline, Standing
from services.incident.regulators.desk import RegulatorReading, RegulatorsDesk
from services.incident.regulators.warnings import (
    RegulatoryOverdue,
    RegulatoryWarned,
    RegulatoryWarning,
)
from shared.errors import Unavailable
from shared.ledger import Ledger
from shared.timers import Handler
from shared.work import Work

_ACTOR = "system:regulators"
_TRIES = 8
_AGAIN = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)  # overdue begins after the deadline, not with it
_ARM = """insert into timers (stream, name, due_at) values ($1, $2, $3)
    on conflict (stream, name) do update set due_at = excluded.due_at, tries = 0"""


def ringing(desk: RegulatorsDesk) -> Handler:
    """The handler of the timer that each record arms."""
    facts: Ledger[Facts, Fact] = Ledger(desk.store, FACTS)

    async def ring(incident: UUID) -> None:
        for _ in range(_TRIES):
            work = Work(desk.store, _ACTOR)
            await work.rest_on(desk.incidents, incident)
            reading = await desk.read(incident, desk.store.clock())
            passed = list(passed_by(reading, incident))
            await work.execute(facts, facts_stream(incident), pass_once, passed=passed)
            if work.is_empty:
                await _arm(desk, incident, reading)
                return
            await work.append()  # and look again: it may have moved, and there may be more
        raise Unavailable("the incident keeps changing at this moment")

    return ring


def passed_by(reading: RegulatorReading, incident: UUID) -> Iterator[RegulatoryWarning]:
    """What is to be said of the reports that are open now."""
    for each in reading.deadlines:
        if each.due is None or each.submitted is not None:
            continue
        about: dict[str, Any] = {
            "incident": incident,
            "regime": each.regime,
            "report": each.report,
            "policy_version": reading.version,
            "due_at": each.due,
        }
        if each.standing is Standing.OVERDUE:
            yield RegulatoryOverdue(**about, at=each.due)
        elif each.warning is not None and each.warning <= reading.now:
            yield RegulatoryWarned(**about, at=each.warning)


def next_ring(reading: RegulatorReading) -> datetime | None:
    """When there is something to say, or to look again; None where nothing is open."""
    due = [at for each in reading.deadlines for at in _moments(each) if at > reading.now]
    if not any(_is_counted(each) for each in reading.deadlines):
        return None
    return min((*due, reading.now + _AGAIN))


def _moments(deadline: Deadline) -> Iterator[datetime]:
    if _is_counted(deadline) and deadline.due is not None:
        yield deadline.due + _MOMENT
        if deadline.warning is not None:
            yield deadline.warning


def _is_counted(deadline: Deadline) -> bool:
    return deadline.standing in (Standing.RUNNING, Standing.PROVISIONAL)


async def _arm(desk: RegulatorsDesk, incident: UUID, reading: RegulatorReading) -> None:
    if (later := next_ring(reading)) is not None:
        await desk.store.pool.execute(_ARM, incident, REGULATORS, later)
