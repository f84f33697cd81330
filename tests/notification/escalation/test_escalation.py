"""Escalations as rules: steps in their order, an end in each case, and nothing after it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.notification.escalation import escalation
from services.notification.escalation.escalation import Escalation, Status
from services.notification.escalation.events import (
    Begun,
    EscalationAcknowledged,
    Missed,
    NobodyAnswered,
    NobodyToTell,
    Occasion,
    Paged,
    Step,
    StepTaken,
    Stopped,
    Target,
)
from services.notification.said import Words
from tests.support.scenario import Scenario

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PAGE = uuid4()
OCCASION = Occasion(
    cause=uuid4(),
    fact="incident.responder_requested",
    about=uuid4(),
    happened_at=NOW,
)
WORDS = Words("You are needed", "Come", {})
STEPS = tuple(
    Step(targets=(Target(person=who),), wait_minutes=wait)
    for who, wait in (("ada", 5), ("bob", 10))
)
ADA = Paged(person="ada", notifications=(PAGE,))
NOBODY = Missed(target="bob", reason="no verified way to reach this person")


def begun(**more: Any) -> Scenario[Escalation]:
    event = Begun(occasion=OCCASION, subject="", text="", steps=STEPS, at=NOW, **more)
    return Scenario(escalation.evolve, Escalation()).given(event)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def taken(step: int, minutes: float, wait: int, *missed: Missed) -> StepTaken:
    paged = () if missed else (ADA,)
    return StepTaken(
        step=step, at=at(minutes), until=at(minutes + wait), paged=paged, missed=missed
    )


def test_a_step_is_taken_when_it_is_due_and_not_before() -> None:
    first = begun().when(escalation.take, at=NOW, paged=[ADA], missed=[]).then(taken(0, 0, 5))
    first.when(escalation.take, at=at(4.9), paged=[ADA], missed=[]).nothing_new()
    second = first.when(escalation.take, at=at(5), paged=[ADA], missed=[]).then(taken(1, 5, 10))
    second.when(escalation.finish, at=at(14)).nothing_new()
    second.when(escalation.finish, at=at(15)).then(
        NobodyAnswered(
            cause=OCCASION.cause,
            fact=OCCASION.fact,
            about=OCCASION.about,
            people=("ada",),
            at=at(15),
        )
    )


def test_where_nobody_can_be_told_the_next_step_follows_at_once() -> None:
    first = begun(repeat=3).when(escalation.take, at=NOW, paged=[], missed=[NOBODY])
    second = first.then(taken(0, 0, 0, NOBODY)).given(taken(1, 0, 0, NOBODY))
    assert escalation.due(second.state, NOW) is None, "there is no use in another round"
    ended = second.when(escalation.finish, at=NOW).follows()
    assert (ended.status, ended.next_at) == (Status.UNTOLD, None)
    told = escalation.finish(second.state, at=NOW)
    assert isinstance(told[0], NobodyToTell)
    assert told[0].missed == (NOBODY, NOBODY)


def test_an_acknowledgement_ends_it_once_and_a_late_one_counts_too() -> None:
    one = begun().given(taken(0, 0, 5))
    said: dict[str, Any] = {"by": "ada", "at": at(1), "notification": PAGE}
    seen = one.when(escalation.acknowledge, **said).then(EscalationAcknowledged(**said))
    assert (seen.state.status, seen.state.acknowledged_by) == (Status.ACKNOWLEDGED, "ada")
    seen.when(escalation.acknowledge, **said).nothing_new()
    seen.when(escalation.take, at=at(9), paged=[ADA], missed=[]).nothing_new()
    seen.when(escalation.finish, at=at(99)).nothing_new()
    seen.when(escalation.stop, at=at(9), reason="over").nothing_new()
    late = one.given(taken(1, 5, 10))
    unanswered = late.given(*escalation.finish(late.state, at=at(15)))
    assert unanswered.state.status is Status.UNANSWERED
    unanswered.when(escalation.acknowledge, **said).then(EscalationAcknowledged(**said))


def test_what_is_stopped_pages_nobody() -> None:
    stopped = begun().when(escalation.stop, at=at(1), reason="over")
    after = stopped.then(Stopped(at=at(1), reason="over"))
    assert escalation.due(after.state, at(60)) is None
    said: dict[str, Any] = {"by": "ada", "at": at(1), "notification": PAGE}
    after.when(escalation.acknowledge, **said).nothing_new()


def test_a_policy_without_steps_is_told_as_such() -> None:
    event = Begun(occasion=OCCASION, subject="", text="", steps=(), at=NOW, repeat=2, policy="gone")
    nothing = Scenario(escalation.evolve, Escalation()).given(event)
    (told,) = escalation.finish(nothing.state, at=NOW)
    assert isinstance(told, NobodyToTell)
    assert told.missed == (Missed(target="gone", reason="there is no such escalation policy"),)


@given(st.integers(0, 9), st.lists(st.booleans(), max_size=60))
def test_it_always_ends_and_never_before_every_step_was_taken_as_often_as_it_says(
    repeat: int, answers: list[bool]
) -> None:
    state, moment, paged = begun(repeat=repeat).state, NOW, 0
    outcomes = iter(answers)
    for _ in range(2 * 10 + 1):
        moment = state.next_at or moment
        if escalation.due(state, moment) is None:
            break
        found = [ADA] if next(outcomes, True) else []
        paged += len(found)
        for event in escalation.take(state, at=moment, paged=found, missed=[]):
            state = escalation.evolve(state, event)
    for event in escalation.finish(state, at=state.next_at or moment):
        state = escalation.evolve(state, event)
    assert state.status is (Status.UNANSWERED if paged else Status.UNTOLD)
    assert state.taken == (2 * (repeat + 1) if paged else 2)
