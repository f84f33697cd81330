"""What this service tells the others of regulators' clocks; nothing of it is personal."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.regulators.events import RegulatoryRecorded
from services.incident.regulators.warnings import RegulatoryOverdue, RegulatoryWarned
from shared.feed import Published


class OriginRecorded(msgspec.Struct, frozen=True):
    record: int
    origin: str
    at: datetime
    regime: str | None
    report: str | None
    retracted: bool
    replaces: int | None


class ReportDue(msgspec.Struct, frozen=True):
    """A report is due soon, or overdue."""

    incident: UUID
    regime: str
    report: str
    policy_version: int
    at: datetime
    due_at: datetime


REGULATORS_PUBLISHED: Published = {
    RegulatoryRecorded: lambda h: OriginRecorded(
        **h.fields("record", "at", "regime", "report", "retracted", "replaces"),
        origin=h.fact.value,
    ),
    RegulatoryWarned: lambda h: ReportDue(**h.fields()),
    RegulatoryOverdue: lambda h: ReportDue(**h.fields()),
}
