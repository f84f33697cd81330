"""What can happen to a problem. These names and fields are stored for ever.

Who recorded an event, and when, stands in its envelope. `at` is when it happened in the world.
A default is only ever "not stated"; it is not stored.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.problem.analyses.events import AnalysisEvent
from services.problem.backfill.events import BackfillEvent
from shared.domain import FREE_TEXT, Event, Personal, State, event


class NodeReference(State, frozen=True):
    """An analysis of the same problem, or a node of it."""

    analysis: UUID
    node: int | None = None


class ChangeState(StrEnum):
    PLANNED = "planned"
    IMPLEMENTED = "implemented"
    FAILED = "failed"
    CANCELLED = "cancelled"


@event("problem.logged", personal={"description": FREE_TEXT})
class Logged(Event, frozen=True):
    number: int
    title: str
    description: Personal | None = None
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
    owner: str | None = None
    incidents: tuple[UUID, ...] = ()
    raised_from: UUID | None = None  # the incident whose facts it took over
    candidate: UUID | None = None
    started_at: datetime | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None  # the system it was imported from
    external_ref: str | None = None
    hold: bool = False  # its incidents are to wait for it


@event("problem.assessed")
class Assessed(Event, frozen=True):
    category: str
    impact: int
    urgency: int
    priority: int
    matrix_version: int
    owner: str
    subcategory: str | None = None
    major: bool = False


@event("problem.confirmed")
class Confirmed(Event, frozen=True):
    pass


@event("problem.noted", personal={"text": FREE_TEXT})
class Noted(Event, frozen=True):
    text: Personal


@event("problem.incident_linked")
class IncidentLinked(Event, frozen=True):
    incident: UUID


@event("problem.incident_unlinked")
class IncidentUnlinked(Event, frozen=True):
    incident: UUID


@event("problem.assigned")
class Assigned(Event, frozen=True):
    group: str | None = None
    person: str | None = None


@event("problem.prioritised", personal={"reason": FREE_TEXT})
class Prioritised(Event, frozen=True):
    """Each stated by everybody but some sources of imports."""

    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    matrix_version: int | None = None
    overridden: bool = False
    reason: Personal | None = None
    major: bool | None = None


@event("problem.root_cause_recorded", personal={"cause": FREE_TEXT})
class RootCauseRecorded(Event, frozen=True):
    cause: Personal
    evidence: tuple[str, ...]
    at: datetime
    nodes: tuple[NodeReference, ...] = ()  # of analyses, as evidence


@event("problem.workaround_drafted", personal={"text": FREE_TEXT})
class WorkaroundDrafted(Event, frozen=True):
    text: Personal


@event("problem.workaround_published")
class WorkaroundPublished(Event, frozen=True):
    """The draft as it then was; `incidents` are those linked at that moment."""

    revision: int
    incidents: tuple[UUID, ...] = ()


@event("problem.workaround_withdrawn", personal={"reason": FREE_TEXT})
class WorkaroundWithdrawn(Event, frozen=True):
    revision: int
    reason: Personal
    incidents: tuple[UUID, ...] = ()


@event("problem.fix_planned", personal={"fix": FREE_TEXT})
class FixPlanned(Event, frozen=True):
    fix: Personal
    target_date: date


@event("problem.change_recorded")
class ChangeRecorded(Event, frozen=True):
    reference: str
    state: ChangeState


@event("problem.resolved", personal={"summary": FREE_TEXT})
class Resolved(Event, frozen=True):
    at: datetime
    summary: Personal | None = None  # stated by everybody but some sources of imports
    incidents: tuple[UUID, ...] = ()


@event("problem.fix_rejected", personal={"reason": FREE_TEXT})
class FixRejected(Event, frozen=True):
    reason: Personal | None = None


@event("problem.closed", personal={"lessons_learned": FREE_TEXT, "review_outcome": FREE_TEXT})
class Closed(Event, frozen=True):
    at: datetime
    lessons_learned: Personal | None = None  # stated by everybody but some sources of imports
    review_outcome: Personal | None = None


@event("problem.risk_accepted", personal={"reason": FREE_TEXT})
class RiskAccepted(Event, frozen=True):
    reason: Personal
    approver: str
    review_date: date
    remind_after_days: int
    incidents: tuple[UUID, ...] = ()


@event("problem.marked_duplicate")
class MarkedDuplicate(Event, frozen=True):
    of: UUID
    incidents: tuple[UUID, ...] = ()


@event("problem.duplicate_taken_over")
class DuplicateTakenOver(Event, frozen=True):
    """Another problem was this one; `incidents` are those it had and this one had not."""

    duplicate: UUID
    incidents: tuple[UUID, ...] = ()


@event("problem.cancelled", personal={"reason": FREE_TEXT})
class Cancelled(Event, frozen=True):
    reason: Personal | None = None
    incidents: tuple[UUID, ...] = ()


@event("problem.reanalysis_begun", personal={"reason": FREE_TEXT})
class ReanalysisBegun(Event, frozen=True):
    reason: Personal | None = None
    incidents: tuple[UUID, ...] = ()


@event("problem.task_added")
class TaskAdded(Event, frozen=True):
    task: UUID
    title: str
    assigned_to: str | None = None
    due: date | None = None


@event("problem.task_completed")
class TaskCompleted(Event, frozen=True):
    task: UUID
    at: datetime


@event("problem.owner_named")
class OwnerNamed(Event, frozen=True):
    """Who sees to it that the problem is solved."""

    owner: str | None = None


@event(
    "problem.reviewed",
    personal={
        "outcome": FREE_TEXT,
        "what_happened": FREE_TEXT,
        "went_well": FREE_TEXT,
        "went_badly": FREE_TEXT,
        "prevention": FREE_TEXT,
    },
)
class Reviewed(Event, frozen=True):
    """The review of a major problem; a later one takes its place."""

    outcome: Personal
    what_happened: Personal
    went_well: Personal
    went_badly: Personal
    prevention: Personal
    at: datetime
    participants: tuple[str, ...] = ()


OwnEvent = (
    Logged
    | Assessed
    | Confirmed
    | Noted
    | IncidentLinked
    | IncidentUnlinked
    | Assigned
    | Prioritised
    | RootCauseRecorded
    | WorkaroundDrafted
    | WorkaroundPublished
    | WorkaroundWithdrawn
    | FixPlanned
    | ChangeRecorded
    | Resolved
    | FixRejected
    | Closed
    | RiskAccepted
    | MarkedDuplicate
    | DuplicateTakenOver
    | Cancelled
    | ReanalysisBegun
    | TaskAdded
    | TaskCompleted
    | BackfillEvent
    | OwnerNamed
    | Reviewed
)
"""What happens to the problem itself."""

ProblemEvent = OwnEvent | AnalysisEvent
