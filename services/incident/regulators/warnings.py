"""What the clock records about reports to regulators; beside the incident's own stream."""

from datetime import datetime
from uuid import UUID

from shared.domain import Event, event


@event("incident.regulatory_warned")
class RegulatoryWarned(Event, frozen=True):
    """Most of the time for a report has passed."""

    incident: UUID
    regime: str
    report: str
    policy_version: int
    at: datetime
    due_at: datetime


@event("incident.regulatory_overdue")
class RegulatoryOverdue(Event, frozen=True):
    """A report was not submitted in time, as far as was recorded."""

    incident: UUID
    regime: str
    report: str
    policy_version: int
    at: datetime
    due_at: datetime


RegulatoryWarning = RegulatoryWarned | RegulatoryOverdue


def once(warning: RegulatoryWarning) -> str:
    """What of it happens once: another deadline of the same report is another one."""
    due = warning.due_at.isoformat()
    return f"{warning.topic}:{warning.regime}:{warning.report}:{due}"
