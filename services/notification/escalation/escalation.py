"""The escalation: a page that goes on to the next until somebody answers, or nobody is left."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

from services.notification.escalation.events import (
    Begun,
    EscalationAcknowledged,
    EscalationEvent,
    Missed,
    NobodyAnswered,
    NobodyToTell,
    Occasion,
    Paged,
    Step,
    StepTaken,
    Stopped,
)
from services.notification.said import Words, kept
from shared.domain import Personal, State, changed

_NO_STEPS = "there is no such escalation policy"


class Status(StrEnum):
    RUNNING = "running"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"  # nobody answered
    UNTOLD = "untold"  # nobody could be told
    STOPPED = "stopped"  # nothing is left to answer


class Escalation(State, frozen=True):
    """An escalation as its events tell it."""

    status: Status | None = None
    occasion: Occasion | None = None
    subject: Personal = ""
    text: Personal = ""
    said: Personal | None = None
    policy: str | None = None
    policy_version: int | None = None
    steps: tuple[Step, ...] = ()
    repeat: int = 0
    taken: int = 0  # steps, over all rounds
    next_at: datetime | None = None
    pages: tuple[UUID, ...] = ()
    people: tuple[str, ...] = ()
    missed: tuple[Missed, ...] = ()  # of the last round
    ended_at: datetime | None = None
    acknowledged_by: str | None = None
    stopped_because: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """What was known when it began."""
        return self.occasion.values if self.occasion else {}

    @property
    def is_spent(self) -> bool:
        """Whether every step has been taken as often as it may be, or there is no use in it."""
        rounds, place = divmod(self.taken, len(self.steps)) if self.steps else (1, 0)
        return rounds > self.repeat or (rounds > 0 and place == 0 and not self.people)


# Commands: each answers with the events that follow.


def begin(
    escalation: Escalation,
    *,
    occasion: Occasion,
    words: Words,
    steps: Sequence[Step],
    at: datetime,
    repeat: int = 0,
    policy: str | None = None,
    policy_version: int | None = None,
) -> Sequence[EscalationEvent]:
    if escalation.status is not None:
        return []
    subject, text, values, said = kept(words)
    begun = Begun(
        occasion=changed(occasion, values=values),
        subject=subject,
        text=text,
        said=said,
        steps=tuple(steps),
        at=at,
        repeat=repeat,
        policy=policy,
        policy_version=policy_version,
    )
    return [begun]


def due(escalation: Escalation, at: datetime) -> Step | None:
    """The step that is to be taken now, if there is one."""
    if not _is_due(escalation, at) or escalation.is_spent:
        return None
    return escalation.steps[escalation.taken % len(escalation.steps)]


def take(
    escalation: Escalation, *, at: datetime, paged: Sequence[Paged], missed: Sequence[Missed]
) -> Sequence[EscalationEvent]:
    """The step that is due is taken; where nobody could be told the next one follows at once."""
    step = due(escalation, at)
    if step is None:
        return []
    until = at + timedelta(minutes=step.wait_minutes if paged else 0)
    taken = StepTaken(
        step=escalation.taken, at=at, until=until, paged=tuple(paged), missed=tuple(missed)
    )
    return [taken]


def finish(escalation: Escalation, *, at: datetime) -> Sequence[EscalationEvent]:
    """Without a step left it is told that nobody answered, or that there was nobody to tell."""
    occasion = escalation.occasion
    if occasion is None or not _is_due(escalation, at) or not escalation.is_spent:
        return []
    told: dict[str, Any] = {"cause": occasion.cause, "fact": occasion.fact, "about": occasion.about}
    policy = escalation.policy
    if escalation.people:
        return [NobodyAnswered(**told, people=escalation.people, at=at, policy=policy)]
    missed = escalation.missed or (Missed(target=policy or "nobody", reason=_NO_STEPS),)
    return [NobodyToTell(**told, missed=missed, at=at, policy=policy)]


def miss(
    escalation: Escalation, *, occasion: Occasion, missed: Sequence[Missed], at: datetime
) -> Sequence[EscalationEvent]:
    """There was nobody to tell from the beginning."""
    if escalation.status is not None:
        return []
    told: dict[str, Any] = {"cause": occasion.cause, "fact": occasion.fact}
    return [
        Begun(occasion=occasion, subject="", text="", steps=(), at=at),
        NobodyToTell(**told, about=occasion.about, missed=tuple(missed), at=at),
    ]


def acknowledge(
    escalation: Escalation, *, by: str, at: datetime, notification: UUID
) -> Sequence[EscalationEvent]:
    """Somebody has it, in time or late."""
    if escalation.status not in (Status.RUNNING, Status.UNANSWERED):
        return []
    return [EscalationAcknowledged(by=by, at=at, notification=notification)]


def stop(escalation: Escalation, *, at: datetime, reason: str) -> Sequence[EscalationEvent]:
    """Page nobody any more."""
    return [Stopped(at=at, reason=reason)] if escalation.status is Status.RUNNING else []


def _is_due(escalation: Escalation, at: datetime) -> bool:
    is_running = escalation.status is Status.RUNNING
    return is_running and escalation.next_at is not None and escalation.next_at <= at


# Evolution: each event's change.


def _begun(event: Begun) -> Escalation:
    return Escalation(status=Status.RUNNING, next_at=event.at, **event.fields(*_TAKEN_OVER))


_TAKEN_OVER = ("occasion", "subject", "text", "said", "steps", "repeat", "policy", "policy_version")


def _taken(escalation: Escalation, event: StepTaken) -> Escalation:
    pages = [page for each in event.paged for page in each.notifications]
    people = dict.fromkeys((*escalation.people, *(each.person for each in event.paged)))
    is_first = event.step % len(escalation.steps) == 0
    return changed(
        escalation,
        taken=event.step + 1,
        next_at=event.until,
        pages=(*escalation.pages, *pages),
        people=tuple(people),
        missed=event.missed if is_first else (*escalation.missed, *event.missed),
    )


def _ended(escalation: Escalation, status: Status, at: datetime) -> Escalation:
    return changed(escalation, status=status, next_at=None, ended_at=at)


def evolve(escalation: Escalation, event: EscalationEvent) -> Escalation:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case Begun():
            return _begun(event)
        case StepTaken():
            return _taken(escalation, event)
        case EscalationAcknowledged():
            ended = _ended(escalation, Status.ACKNOWLEDGED, event.at)
            return changed(ended, acknowledged_by=event.by)
        case Stopped():
            ended = _ended(escalation, Status.STOPPED, event.at)
            return changed(ended, stopped_because=event.reason)
        case NobodyAnswered():
            return _ended(escalation, Status.UNANSWERED, event.at)
        case NobodyToTell():
            ended = _ended(escalation, Status.UNTOLD, event.at)
            return changed(ended, missed=event.missed)
        case _:
            assert_never(event)
