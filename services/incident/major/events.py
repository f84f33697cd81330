"""What can happen to a major incident, beside its status. Names and fields are stored for ever.

People do these: they stand in the incident's own stream. What the clock does stands in `facts.py`.
Audiences are named by slug; they, channels and templates are the notification service's data.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from shared.domain import FREE_TEXT, Event, Personal, event


class MajorRole(StrEnum):
    INCIDENT_COMMANDER = "incident_commander"
    TECHNICAL_LEAD = "technical_lead"
    COMMUNICATIONS_LEAD = "communications_lead"
    SCRIBE = "scribe"
    EXECUTIVE_SPONSOR = "executive_sponsor"


class DecisionKind(StrEnum):
    DECISION = "decision"
    ACTION = "action"  # what was done


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is asked to come: one of these."""

    person: str | None = None
    group: str | None = None
    schedule: str | None = None  # whoever is on call
    escalation_policy: str | None = None


class PlannedUpdate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often an audience is told, by what channel, in which template."""

    audience: str
    first_minutes: int
    then_minutes: int
    remind_minutes: int  # so long before it is due
    channel: str | None = None
    template: str | None = None


class Inputs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What rules look at, of an incident at a moment."""

    priority: int | None = None
    impact: int | None = None
    urgency: int | None = None
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    group: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    child_count: int = 0


@event("incident.major_proposed", personal={"reason": FREE_TEXT})
class MajorProposed(Event, frozen=True):
    """By a person, with a reason, or by a rule of a version of the policy `major-triggers`."""

    at: datetime
    reason: Personal | None = None
    rule: str | None = None
    policy_version: int | None = None


@event("incident.major_accepted", personal={"reason": FREE_TEXT})
class MajorAccepted(Event, frozen=True):
    at: datetime
    reason: Personal | None = None
    rule: str | None = None
    policy_version: int | None = None


@event("incident.major_rejected", personal={"reason": FREE_TEXT})
class MajorRejected(Event, frozen=True):
    """No rule proposes it again before its `inputs` are worse."""

    at: datetime
    reason: Personal
    inputs: Inputs | None = None


@event("incident.major_demoted", personal={"reason": FREE_TEXT})
class MajorDemoted(Event, frozen=True):
    at: datetime
    reason: Personal
    inputs: Inputs | None = None


@event("incident.updates_planned")
class UpdatesPlanned(Event, frozen=True):
    """Who is told how often from now on, by a version of the policy `communication-plans`."""

    at: datetime
    policy_version: int
    plan: tuple[PlannedUpdate, ...]
    priority: int | None = None


@event("incident.role_assigned")
class RoleAssigned(Event, frozen=True):
    """`was` had it before; without a person it is vacant."""

    role: MajorRole
    at: datetime
    person: str | None = None
    was: str | None = None


@event("incident.role_accepted")
class RoleAccepted(Event, frozen=True):
    role: MajorRole
    person: str
    at: datetime


@event("incident.role_handed_over", personal={"note": FREE_TEXT})
class RoleHandedOver(Event, frozen=True):
    """From `was` to `person`, who has it at once and may still accept it."""

    role: MajorRole
    person: str
    was: str
    at: datetime
    note: Personal | None = None


@event("incident.responder_requested", personal={"message": FREE_TEXT})
class ResponderRequested(Event, frozen=True):
    """One of the first four is asked; after so many minutes without an answer the next of `then`.

    Who is asked when nobody is left is the commander; `by` is who asks, and hears if nobody comes.
    """

    tells = True

    request: UUID
    message: Personal
    within_minutes: int
    at: datetime
    person: str | None = None
    group: str | None = None
    schedule: str | None = None
    escalation_policy: str | None = None
    then: tuple[Target, ...] = ()
    by: str | None = None


@event("incident.request_answered", personal={"note": FREE_TEXT})
class RequestAnswered(Event, frozen=True):
    """`person` comes, or does not; then `next` is asked, who is there to be asked.

    Where nobody is, the first of `tell` is told that nobody comes, then the next.
    """

    request: UUID
    accepted: bool
    person: str
    at: datetime
    note: Personal | None = None
    next: Target | None = None
    step: int | None = None  # who is asked now; None: nobody is left, or need be
    tell: tuple[Target, ...] = ()


@event(
    "incident.update_posted",
    personal=dict.fromkeys(("status", "impact", "action", "workaround"), FREE_TEXT),
)
class UpdatePosted(Event, frozen=True):
    """What the audiences are told; `ways` says how, where the plan does."""

    tells = True

    update: UUID
    audiences: tuple[str, ...]
    status: Personal
    at: datetime
    impact: Personal | None = None
    action: Personal | None = None
    workaround: Personal | None = None
    next_update_at: datetime | None = None
    final: bool = False
    ways: tuple[PlannedUpdate, ...] = ()


@event("incident.update_snoozed", personal={"reason": FREE_TEXT})
class UpdateSnoozed(Event, frozen=True):
    """An audience's next update is due at `due_at`, no longer at `was`."""

    audience: str
    due_at: datetime
    was: datetime
    at: datetime
    reason: Personal | None = None


@event("incident.decided", personal={"decision": FREE_TEXT, "basis": FREE_TEXT})
class Decided(Event, frozen=True):
    """Who decided, or did, what, and on what basis; the envelope says who wrote it down."""

    decision: Personal
    person: str
    at: datetime
    basis: Personal | None = None
    kind: DecisionKind = DecisionKind.DECISION


@event("incident.problem_waived", personal={"reason": FREE_TEXT})
class ProblemWaived(Event, frozen=True):
    """It may close without a problem."""

    reason: Personal


@event("incident.review_completed")
class ReviewCompleted(Event, frozen=True):
    """Its post-incident review is complete, in this revision; a reopening asks for the next."""

    revision: int
    at: datetime


@event("incident.review_reopened")
class ReviewReopened(Event, frozen=True):
    """Its review goes on in another revision, by command: it is not complete any more."""

    revision: int
    at: datetime


@event("incident.closing_notice")
class ClosingNotice(Event, frozen=True):
    """Every audience is told that it is over."""

    audiences: tuple[str, ...]
    at: datetime
    ways: tuple[PlannedUpdate, ...] = ()


Turned = MajorProposed | MajorAccepted | MajorRejected | MajorDemoted

MajorEvent = (
    Turned
    | UpdatesPlanned
    | RoleAssigned
    | RoleAccepted
    | RoleHandedOver
    | ResponderRequested
    | RequestAnswered
    | UpdatePosted
    | UpdateSnoozed
    | Decided
    | ProblemWaived
    | ReviewCompleted
    | ReviewReopened
    | ClosingNotice
)
