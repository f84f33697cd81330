"""What can happen to an incident. These names and fields are stored for ever.

Who recorded an event, and when, stands in its envelope. `at` is when it happened in the world.
A default is only ever "not stated"; it is not stored.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from services.incident.backfill.events import ImportEvent
from services.incident.major.events import MajorEvent
from services.incident.regulators.events import RegulatoryRecorded
from services.incident.relations.events import RelationEvent
from shared.domain import FREE_TEXT, Event, Personal, event


class HoldReason(StrEnum):
    AWAITING_CALLER = "awaiting_caller"
    AWAITING_CHANGE = "awaiting_change"
    AWAITING_PROBLEM = "awaiting_problem"
    AWAITING_VENDOR = "awaiting_vendor"
    AWAITING_EVIDENCE = "awaiting_evidence"


class ResolutionCode(StrEnum):
    FIXED = "fixed"
    WORKAROUND = "workaround"
    KNOWN_ERROR = "known_error"
    BY_PROBLEM = "by_problem"
    NO_FAULT_FOUND = "no_fault_found"
    SELF_RECOVERED = "self_recovered"


class EscalationKind(StrEnum):
    FUNCTIONAL = "functional"  # to another line
    HIERARCHICAL = "hierarchical"  # to management


class Milestone(StrEnum):
    STARTED = "started"
    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"


@event(
    "incident.declared",
    personal={
        "description": FREE_TEXT,
        "reporter_name": "reporter",
        "reporter_email": "reporter",
    },
)
class Declared(Event, frozen=True):
    number: int
    title: str
    reporter: str
    description: Personal | None = None
    reporter_name: Personal | None = None
    reporter_email: Personal | None = None
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    matrix_version: int | None = None
    group: str | None = None
    assigned_to: str | None = None
    source: str | None = None
    started_at: datetime | None = None
    detected_at: datetime | None = None
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    external_ref: str | None = None

    def happened(self, recorded_at: datetime) -> datetime:
        """An incident is in the world from its start, or its detection, however late declared."""
        return min(at for at in (self.started_at, self.detected_at, recorded_at) if at)


@event("incident.categorised")
class Categorised(Event, frozen=True):
    category: str | None = None
    subcategory: str | None = None
    service: str | None = None
    item: str | None = None


@event("incident.prioritised", personal={"reason": FREE_TEXT})
class Prioritised(Event, frozen=True):
    """None where a source states a priority alone; its own priorities come from no matrix."""

    impact: int | None
    urgency: int | None
    priority: int | None
    matrix_version: int | None
    overridden: bool = False
    reason: Personal | None = None


@event("incident.assigned")
class Assigned(Event, frozen=True):
    group: str | None = None
    person: str | None = None


@event("incident.acknowledged")
class Acknowledged(Event, frozen=True):
    at: datetime


@event("incident.work_started")
class WorkStarted(Event, frozen=True):
    """Somebody began to work on it; not to be confused with the milestone `started`."""

    at: datetime | None = None


@event("incident.held", personal={"note": FREE_TEXT})
class Held(Event, frozen=True):
    reason: HoldReason
    note: Personal | None = None
    problem: UUID | None = None
    at: datetime | None = None


@event("incident.resumed")
class Resumed(Event, frozen=True):
    at: datetime | None = None


@event("incident.replied", personal={"text": FREE_TEXT})
class Replied(Event, frozen=True):
    """The caller has answered; whoever recorded it stands in the envelope."""

    text: Personal


@event("incident.escalated", personal={"reason": FREE_TEXT})
class Escalated(Event, frozen=True):
    """To whom, where that was said. A change of assignment is an event of its own."""

    kind: EscalationKind
    reason: Personal
    at: datetime
    group: str | None = None
    person: str | None = None


@event("incident.noted", personal={"text": FREE_TEXT})
class Noted(Event, frozen=True):
    text: Personal


@event("incident.diagnosed", personal={"cause": FREE_TEXT})
class Diagnosed(Event, frozen=True):
    cause: Personal
    evidence: tuple[str, ...] = ()


@event("incident.mitigated", personal={"action": FREE_TEXT})
class Mitigated(Event, frozen=True):
    action: Personal
    at: datetime


@event("incident.resolved", personal={"summary": FREE_TEXT})
class Resolved(Event, frozen=True):
    at: datetime
    code: ResolutionCode | None = None  # stated by everybody but some sources of imports
    summary: Personal | None = None
    known_error: str | None = None
    close_after_days: int | None = None  # the policy in force: it closes by itself then
    with_parent: UUID | None = None  # whose resolution this one follows


@event("incident.reopened", personal={"reason": FREE_TEXT})
class Reopened(Event, frozen=True):
    reason: Personal | None = None
    by_reporter: bool = False
    at: datetime | None = None
    with_parent: UUID | None = None  # whose reopening this one follows


@event("incident.closed")
class Closed(Event, frozen=True):
    at: datetime


@event("incident.cancelled", personal={"reason": FREE_TEXT})
class Cancelled(Event, frozen=True):
    reason: Personal | None = None
    at: datetime | None = None


@event("incident.milestone_corrected", personal={"reason": FREE_TEXT})
class MilestoneCorrected(Event, frozen=True):
    """It happened at `to`, not at `was`; None: it had not been stated."""

    corrects: ClassVar[bool] = True
    milestone: Milestone
    to: datetime
    reason: Personal
    was: datetime | None = None

    def happened(self, recorded_at: datetime) -> datetime:
        """Whoever asks what had happened by then learns what is known to be true."""
        return self.to

    def corrected(self, other: Event, at: datetime) -> datetime:
        """The milestone's own event, and what corrected it before, happened at `to`."""
        is_it = isinstance(other, _STAMPED_BY[self.milestone]) or (
            isinstance(other, MilestoneCorrected) and other.milestone is self.milestone
        )
        return self.to if is_it and at == self.was else at


_STAMPED_BY: dict[Milestone, type[Event]] = {
    Milestone.STARTED: Declared,
    Milestone.DETECTED: Declared,
    Milestone.ACKNOWLEDGED: Acknowledged,
    Milestone.MITIGATED: Mitigated,
    Milestone.RESOLVED: Resolved,
    Milestone.CLOSED: Closed,
}


@event("incident.restricted", personal={"reason": FREE_TEXT})
class Restricted(Event, frozen=True):
    """Kept to its participants and those named, among them whoever restricted it."""

    reason: Personal
    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@event("incident.unrestricted", personal={"reason": FREE_TEXT})
class Unrestricted(Event, frozen=True):
    reason: Personal


IncidentEvent = (
    Declared
    | Categorised
    | Prioritised
    | Assigned
    | Acknowledged
    | WorkStarted
    | Held
    | Resumed
    | Noted
    | Diagnosed
    | Mitigated
    | Resolved
    | Reopened
    | Closed
    | Cancelled
    | ImportEvent
    | MajorEvent
    | Replied
    | Escalated
    | MilestoneCorrected
    | RegulatoryRecorded
    | RelationEvent
    | Restricted
    | Unrestricted
)
