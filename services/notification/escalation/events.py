"""What can happen to escalation policies and to escalations. Names and fields are stored for ever.

People stand here by their ids in tokens, as in teams.
"""

from datetime import datetime
from uuid import UUID

from services.notification.keyed.keyed import Gone, Said
from shared.domain import FREE_TEXT, Event, Personal, State, event


class Target(State, frozen=True):
    """Who is paged: a person, the members of a team, or whoever is on call by a schedule."""

    person: str | None = None
    team: str | None = None
    schedule: str | None = None


class Step(State, frozen=True):
    """These are paged at once; without an answer in so many minutes the next step follows."""

    targets: tuple[Target, ...]
    wait_minutes: int


@event("escalation_policy.set")
class EscalationPolicySet(Said, frozen=True):
    """The steps are taken once, and `repeat` times more."""

    steps: tuple[Step, ...]
    repeat: int = 0


@event("escalation_policy.retired")
class EscalationPolicyRetired(Gone, frozen=True):
    pass


class Paged(State, frozen=True):
    """Somebody, and the notifications by which they are told."""

    person: str
    notifications: tuple[UUID, ...]


class Missed(State, frozen=True):
    """Who should have been paged and was not."""

    target: str
    reason: str


class Occasion(State, frozen=True):
    """What an escalation is for. `matter` is what ends it: a request, a role, an overdue update."""

    cause: UUID  # the event
    fact: str  # what kind of event
    about: UUID  # the incident or problem
    happened_at: datetime
    values: dict[str, str] = {}
    matter: UUID | None = None


@event("escalation.begun", personal=dict.fromkeys(("subject", "text", "said"), FREE_TEXT))
class Begun(Event, frozen=True):
    """By the steps of a policy as it was then, or by steps of its own; with what its pages say.

    `said` is what people said in their own words: more of the occasion's values, as JSON.
    """

    occasion: Occasion
    subject: Personal
    text: Personal
    steps: tuple[Step, ...]
    at: datetime
    said: Personal | None = None
    repeat: int = 0
    policy: str | None = None
    policy_version: int | None = None


@event("escalation.step_taken")
class StepTaken(Event, frozen=True):
    """Counted from 0 over all rounds; the next one follows at `until`."""

    step: int
    at: datetime
    until: datetime
    paged: tuple[Paged, ...] = ()
    missed: tuple[Missed, ...] = ()


@event("escalation.acknowledged")
class EscalationAcknowledged(Event, frozen=True):
    """Somebody has it; `notification` is the page that was answered."""

    by: str
    at: datetime
    notification: UUID


@event("escalation.stopped")
class Stopped(Event, frozen=True):
    """There is nothing left to answer."""

    at: datetime
    reason: str


@event("notification.nobody_answered")
class NobodyAnswered(Event, frozen=True):
    """All steps were taken, and none of these people has acknowledged."""

    cause: UUID
    fact: str
    about: UUID
    people: tuple[str, ...]
    at: datetime
    policy: str | None = None


@event("notification.nobody_to_tell")
class NobodyToTell(Event, frozen=True):
    """No step led to anybody who can be reached."""

    cause: UUID
    fact: str
    about: UUID
    missed: tuple[Missed, ...]
    at: datetime
    policy: str | None = None


EscalationPolicyEvent = EscalationPolicySet | EscalationPolicyRetired
EscalationEvent = (
    Begun | StepTaken | EscalationAcknowledged | Stopped | NobodyAnswered | NobodyToTell
)
