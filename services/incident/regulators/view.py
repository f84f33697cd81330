"""How the regulators' clocks explain themselves, and who was told of those that are overdue."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.facts import Told
from services.incident.regulators.deadlines import Deadline, Step
from services.incident.regulators.desk import RegulatorReading
from services.incident.regulators.events import RegulatoryRecord, RegulatoryRecorded
from services.incident.regulators.warnings import (
    RegulatoryOverdue,
    RegulatoryWarned,
    RegulatoryWarning,
)


class RegulatoryStep(msgspec.Struct, kw_only=True):
    """One step to the deadline: its rule, the event it rests on, and the moment it leads to."""

    rule: str
    event: UUID | None
    at: datetime | None
    leads_to: datetime | None


class RegulatoryNotice(msgspec.Struct, kw_only=True):
    """Somebody was told that a report is due or overdue, or could not be."""

    fact: str
    recipient: str
    channel: str
    outcome: str
    at: datetime
    event: UUID


class RegulatoryDeadline(msgspec.Struct, kw_only=True):
    """A report to a regulator.

    `state`: awaiting (what it is due after is not recorded: `awaits`), provisional (due at the
    latest then, if what it awaits comes by then), running, overdue, met, submitted_late, lifted.
    """

    regime: str
    report: str
    title: str | None
    state: str
    due_at: datetime | None
    remaining_seconds: float | None
    awaits: list[str]
    because: list[RegulatoryStep]
    submitted_at: datetime | None
    submitted: UUID | None
    warned: UUID | None
    overdue: UUID | None
    told: list[RegulatoryNotice]


class RegulatoryEntry(msgspec.Struct, kw_only=True):
    """One record, as it was made; `replaced_by` is the number of the one that corrects it."""

    record: int
    origin: str
    at: datetime
    regime: str | None
    report: str | None
    retracted: bool
    reference: str | None
    replaces: int | None
    replaced_by: int | None
    event: UUID
    recorded_at: datetime
    actor: str


def deadline_views(reading: RegulatorReading) -> list[RegulatoryDeadline]:
    """Every report of the regimes that apply, in their order; none without any record."""
    return [_deadline(each, reading) for each in reading.deadlines]


def entry_views(reading: RegulatorReading) -> list[RegulatoryEntry]:
    """All that was recorded, in the order it was."""
    events = [
        (r, e) for r in reading.records.values() if isinstance(e := r.event, RegulatoryRecorded)
    ]
    replaced = {event.replaces: event.record for _, event in events if event.replaces}
    return [
        RegulatoryEntry(
            **event.fields("record", "at", "regime", "report", "retracted", "reference"),
            origin=event.fact.value,
            replaces=event.replaces,
            replaced_by=replaced.get(event.record),
            event=each.event_id,
            recorded_at=each.recorded_at,
            actor=each.actor,
        )
        for each, event in events
    ]


def _deadline(deadline: Deadline, reading: RegulatorReading) -> RegulatoryDeadline:
    due, submitted = deadline.due, deadline.submitted
    is_open = due is not None and submitted is None
    return RegulatoryDeadline(
        regime=deadline.regime,
        report=deadline.report,
        title=deadline.title,
        state=deadline.standing.value,
        due_at=due,
        remaining_seconds=(due - reading.now).total_seconds() if is_open and due else None,
        awaits=list(deadline.awaits),
        because=[_step(each, reading) for each in deadline.steps],
        submitted_at=None if submitted is None else submitted.at,
        submitted=_event(submitted, reading),
        warned=_warning(RegulatoryWarned, deadline, reading),
        overdue=_warning(RegulatoryOverdue, deadline, reading),
        told=list(_told(deadline, reading)),
    )


def _step(step: Step, reading: RegulatorReading) -> RegulatoryStep:
    return RegulatoryStep(
        rule=step.rule,
        event=_event(step.record, reading),
        at=None if step.record is None else step.record.at,
        leads_to=step.gives,
    )


def _event(record: RegulatoryRecord | None, reading: RegulatorReading) -> UUID | None:
    return None if record is None else reading.records[record.record].event_id


def _warning(
    kind: type[RegulatoryWarning], deadline: Deadline, reading: RegulatorReading
) -> UUID | None:
    """The event that said so of this very deadline."""
    found = (
        each.event_id
        for each in reading.warnings
        if isinstance(event := each.event, kind)
        and (event.regime, event.report, event.due_at)
        == (deadline.regime, deadline.report, deadline.due)
    )
    return next(found, None)


def _told(deadline: Deadline, reading: RegulatorReading) -> Iterable[RegulatoryNotice]:
    """Who was told that this report is due, or overdue, by any deadline it had."""
    causes = {
        each.event_id
        for each in reading.warnings
        if isinstance(event := each.event, RegulatoryWarning)
        and (event.regime, event.report) == (deadline.regime, deadline.report)
    }
    for each in reading.told:
        told = each.event
        if isinstance(told, Told) and told.cause in causes:
            names = ("fact", "recipient", "channel", "outcome", "at")
            yield RegulatoryNotice(**told.fields(*names), event=each.event_id)
