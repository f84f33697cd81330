"""What this service tells the others. Everything else in its log is its own affair.

Public data holds nothing personal; a changed shape is a new type beside the old one.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from services.problem import candidate as c
from services.problem import events as e
from services.problem import facts as f
from services.problem.analyses import events as a
from services.problem.backfill import events as b
from shared.domain import Event
from shared.feed import Published


class Logged(msgspec.Struct, frozen=True):
    number: str
    title: str
    service: str | None
    item: str | None
    category: str | None
    subcategory: str | None
    impact: int | None
    urgency: int | None
    priority: int | None
    group: str | None
    assigned_to: str | None
    owner: str | None
    incidents: tuple[UUID, ...]
    raised_from: UUID | None
    candidate: UUID | None
    tags: tuple[str, ...]
    hold: bool


class Assessed(msgspec.Struct, frozen=True):
    category: str
    subcategory: str | None
    impact: int
    urgency: int
    priority: int
    owner: str
    major: bool


class Prioritised(msgspec.Struct, frozen=True):
    impact: int | None
    urgency: int | None
    priority: int | None


class StatusStated(msgspec.Struct, frozen=True):
    status: str


class Backfilled(msgspec.Struct, frozen=True):
    system: str
    steps: int


class Assigned(msgspec.Struct, frozen=True):
    group: str | None
    person: str | None


class Incident(msgspec.Struct, frozen=True):
    incident: UUID


class WorkaroundTold(msgspec.Struct, frozen=True):
    revision: int
    incidents: tuple[UUID, ...]


class FixPlanned(msgspec.Struct, frozen=True):
    target_date: date


class ChangeRecorded(msgspec.Struct, frozen=True):
    reference: str
    state: str


class At(msgspec.Struct, frozen=True):
    at: datetime


class Resolved(msgspec.Struct, frozen=True):
    at: datetime
    incidents: tuple[UUID, ...]


class RiskAccepted(msgspec.Struct, frozen=True):
    review_date: date
    incidents: tuple[UUID, ...]


class RiskReviewDue(msgspec.Struct, frozen=True):
    problem: UUID
    review_date: date


class FixIneffective(msgspec.Struct, frozen=True):
    problem: UUID
    incident: UUID
    at: datetime


class Duplicate(msgspec.Struct, frozen=True):
    of: UUID
    incidents: tuple[UUID, ...]


class Linked(msgspec.Struct, frozen=True):
    """Which incidents it concerns."""

    incidents: tuple[UUID, ...]


class TakenOver(msgspec.Struct, frozen=True):
    duplicate: UUID
    incidents: tuple[UUID, ...]


class CandidateRaised(msgspec.Struct, frozen=True):
    rule: str
    rule_version: int
    alike: dict[str, str]
    incidents: tuple[UUID, ...]


class CandidateJoined(msgspec.Struct, frozen=True):
    incidents: tuple[UUID, ...]


class CandidateDecided(msgspec.Struct, frozen=True):
    problem: UUID


class Owned(msgspec.Struct, frozen=True):
    owner: str | None


class Analysis(msgspec.Struct, frozen=True):
    analysis: UUID
    method: str


class AnalysisEnded(msgspec.Struct, frozen=True):
    analysis: UUID


class Nothing(msgspec.Struct, frozen=True):
    """That it happened is all there is to tell."""


def _logged(happened: e.Logged) -> Logged:
    told = happened.fields(*Logged.__struct_fields__)
    return Logged(**(told | {"number": f"PRB-{happened.number}"}))


def _assessed(happened: e.Assessed) -> Assessed:
    return Assessed(**happened.fields(*Assessed.__struct_fields__))


def _candidate_raised(happened: c.Raised) -> CandidateRaised:
    incidents = tuple(match.incident for match in happened.matches)
    return CandidateRaised(happened.rule, happened.rule_version, happened.alike, incidents)


def _nothing(happened: Event) -> Nothing:
    return Nothing()


PUBLISHED: Published = {
    e.Logged: _logged,
    e.Assessed: _assessed,
    e.Confirmed: _nothing,
    e.IncidentLinked: lambda h: Incident(h.incident),
    e.IncidentUnlinked: lambda h: Incident(h.incident),
    e.Assigned: lambda h: Assigned(h.group, h.person),
    e.Prioritised: lambda h: Prioritised(h.impact, h.urgency, h.priority),
    e.RootCauseRecorded: lambda h: At(h.at),
    e.WorkaroundPublished: lambda h: WorkaroundTold(h.revision, h.incidents),
    e.WorkaroundWithdrawn: lambda h: WorkaroundTold(h.revision, h.incidents),
    e.FixPlanned: lambda h: FixPlanned(h.target_date),
    e.ChangeRecorded: lambda h: ChangeRecorded(h.reference, h.state.value),
    e.Resolved: lambda h: Resolved(h.at, h.incidents),
    e.FixRejected: _nothing,
    e.Closed: lambda h: At(h.at),
    e.RiskAccepted: lambda h: RiskAccepted(h.review_date, h.incidents),
    e.MarkedDuplicate: lambda h: Duplicate(h.of, h.incidents),
    e.DuplicateTakenOver: lambda h: TakenOver(h.duplicate, h.incidents),
    e.Cancelled: lambda h: Linked(h.incidents),
    e.ReanalysisBegun: lambda h: Linked(h.incidents),
    b.StatusStated: lambda h: StatusStated(h.status),
    b.Backfilled: lambda h: Backfilled(h.system, h.steps),
    e.OwnerNamed: lambda h: Owned(h.owner),
    e.Reviewed: _nothing,
    a.AnalysisBegun: lambda h: Analysis(h.analysis, (h.method or a.Method.FIVE_WHYS).value),
    a.AnalysisConcluded: lambda h: AnalysisEnded(h.analysis),
    f.RiskReviewDue: lambda h: RiskReviewDue(h.problem, h.review_date),
    f.FixIneffective: lambda h: FixIneffective(h.problem, h.incident, h.at),
    c.Raised: _candidate_raised,
    c.Joined: lambda h: CandidateJoined(tuple(match.incident for match in h.matches)),
    c.Accepted: lambda h: CandidateDecided(h.problem),
    c.Dismissed: _nothing,
    c.Merged: lambda h: CandidateDecided(h.problem),
}
