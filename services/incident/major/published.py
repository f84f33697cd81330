"""What others are told of major incidents: enough to page, to remind and to inform by."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.major import events as m
from services.incident.major import reminders as rm
from services.incident.major.events import PlannedUpdate, Target
from shared.feed import Published


class Turn(msgspec.Struct, frozen=True):
    """It was proposed, accepted, rejected or demoted; by a rule where one is named."""

    at: datetime
    rule: str | None = None
    policy_version: int | None = None


class Planned(msgspec.Struct, frozen=True):
    at: datetime
    policy_version: int
    priority: int | None
    plan: tuple[PlannedUpdate, ...]


class Role(msgspec.Struct, frozen=True):
    role: str
    person: str | None
    at: datetime
    was: str | None = None


class Request(msgspec.Struct, frozen=True):
    """Somebody is asked to come; `message` is written to be told."""

    request: UUID
    message: str
    within_minutes: int
    at: datetime
    person: str | None
    group: str | None
    schedule: str | None
    escalation_policy: str | None
    then: tuple[Target, ...]
    by: str | None


class Answer(msgspec.Struct, frozen=True):
    """Who says whether they come; `tell` is who hears that nobody does and nobody is left."""

    request: UUID
    accepted: bool
    person: str
    at: datetime
    next: Target | None
    tell: tuple[Target, ...]


class Update(msgspec.Struct, frozen=True):
    """A status update in the words that are written to be told."""

    update: UUID
    audiences: tuple[str, ...]
    status: str
    impact: str | None
    action: str | None
    workaround: str | None
    next_update_at: datetime | None
    final: bool
    at: datetime
    ways: tuple[PlannedUpdate, ...]


class Snoozed(msgspec.Struct, frozen=True):
    audience: str
    due_at: datetime
    was: datetime
    at: datetime


class DecisionTaken(msgspec.Struct, frozen=True):
    """That something was decided, or done, and by whom; what it was is read where it stands."""

    kind: str
    person: str
    at: datetime


class Reviewed(msgspec.Struct, frozen=True):
    """A revision of its review was completed, or begun because the last one was reopened."""

    revision: int
    at: datetime


class Closing(msgspec.Struct, frozen=True):
    audiences: tuple[str, ...]
    at: datetime
    ways: tuple[PlannedUpdate, ...]


class Waived(msgspec.Struct, frozen=True):
    """It may close without a problem; why is read where it stands."""


class UpdateAwaited(msgspec.Struct, frozen=True):
    """An audience is soon, or was not, told in time; `person` is to do something about it.

    Nobody is where `until` says when it was told, or owed no longer.
    """

    incident: UUID
    audience: str
    due_at: datetime
    at: datetime
    person: str | None
    until: datetime | None = None


class TimedOut(msgspec.Struct, frozen=True):
    """Nobody answered in time; `tell` is who hears of it where nobody is left to be asked."""

    incident: UUID
    request: UUID
    step: int
    at: datetime
    asked: Target
    next: Target | None
    tell: tuple[Target, ...]


def _turn(happened: m.MajorProposed | m.MajorAccepted) -> Turn:
    return Turn(happened.at, happened.rule, happened.policy_version)


def _turned_down(happened: m.MajorRejected | m.MajorDemoted) -> Turn:
    return Turn(happened.at)


MAJOR_PUBLISHED: Published = {
    m.MajorProposed: _turn,
    m.MajorAccepted: _turn,
    m.MajorRejected: _turned_down,
    m.MajorDemoted: _turned_down,
    m.UpdatesPlanned: lambda h: Planned(**h.fields()),
    m.RoleAssigned: lambda h: Role(h.role, h.person, h.at, h.was),
    m.RoleAccepted: lambda h: Role(h.role, h.person, h.at),
    m.RoleHandedOver: lambda h: Role(h.role, h.person, h.at, h.was),
    m.ResponderRequested: lambda h: Request(**h.fields()),
    m.RequestAnswered: lambda h: Answer(**h.fields(*Answer.__struct_fields__)),
    m.UpdatePosted: lambda h: Update(**h.fields()),
    m.UpdateSnoozed: lambda h: Snoozed(h.audience, h.due_at, h.was, h.at),
    m.Decided: lambda h: DecisionTaken(h.kind, h.person, h.at),
    m.ProblemWaived: lambda h: Waived(),
    m.ReviewCompleted: lambda h: Reviewed(h.revision, h.at),
    m.ReviewReopened: lambda h: Reviewed(h.revision, h.at),
    m.ClosingNotice: lambda h: Closing(**h.fields()),
    rm.UpdateDue: lambda h: UpdateAwaited(**h.fields()),
    rm.UpdateOverdue: lambda h: UpdateAwaited(**h.fields()),
    rm.RequestTimedOut: lambda h: TimedOut(**h.fields()),
}
