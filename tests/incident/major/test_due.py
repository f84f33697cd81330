"""What is due when, and what the clock says of it: by cases, and against a plain count."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from services.incident.events import ResolutionCode, Resolved
from services.incident.incident import Incident
from services.incident.major import updates
from services.incident.major.due import next_ring, passed, request_state, ring_after, task_state
from services.incident.major.events import MajorDemoted, RequestAnswered, Target
from services.incident.major.reminders import RequestTimedOut, UpdateDue, UpdateOverdue, once
from services.incident.major.state import MOST_LATE, punctuality
from shared.errors import Refused
from tests.incident.major.given import (
    MINUTE,
    NOON,
    REQUEST,
    accepted,
    asked,
    by,
    done,
    led_by_nobody,
    minutes,
    resolved,
    sent,
)
from tests.incident.major.test_rules import TOLD

INCIDENT = UUID(int=1)


def told(state: Incident, at: float) -> list[tuple[str, str, float]]:
    """What the clock has said by so many minutes: what, of whom, when."""
    found: list[tuple[str, str, float]] = []
    for each in passed(INCIDENT, state.major, minutes(at)):
        if isinstance(each, RequestTimedOut):
            found.append(("timed out", each.asked.person or "", (each.at - NOON) / MINUTE))
        else:
            kind = "due" if isinstance(each, UpdateDue) else "overdue"
            found.append((kind, each.audience, (each.at - NOON) / MINUTE))
    return found


def test_an_update_is_reminded_of_and_overdue_at_its_time() -> None:
    assert told(accepted.state, 9.99) == []
    assert told(accepted.state, 15) == [("due", "management", 10)]
    assert told(accepted.state, 15.01)[1:] == [("overdue", "management", 15)]
    assert told(accepted.state, 30.01)[2:] == [
        ("due", "affected-users", 25),
        ("overdue", "affected-users", 30),
    ]


@pytest.mark.parametrize(
    ("story", "at", "state"),
    [
        (accepted, 1, "due"),
        (accepted, 15, "due"),
        (accepted, 15.01, "overdue"),
        (accepted.given(sent(10)), 11, "sent"),
        (accepted.given(sent(10)), 34.99, "sent"),
        (accepted.given(sent(10)), 35, "due"),
        (accepted.given(sent(10)), 40.01, "overdue"),
        (accepted.given(sent(16)), 20, "sent"),
        (accepted.given(sent(10, next_at=20)), 20.01, "overdue"),
        (done, 999, "closed"),
        (resolved, 61, "overdue"),
    ],
)
def test_a_task_stands_as_its_time_says(story: Any, at: float, state: str) -> None:
    assert task_state(story.state.major.tasks["management"], minutes(at)) == state


def test_one_put_off_is_snoozed_until_its_new_time() -> None:
    snoozed = updates.snooze_update(accepted.state, audience="management", **by("ada", at=14))
    task = accepted.given(*snoozed).state.major.tasks["management"]
    assert [task_state(task, minutes(at)) for at in (15, 29, 29.01)] == [
        "snoozed", "snoozed", "overdue",
    ]  # fmt: skip


def test_reminders_go_to_who_tells_and_what_is_overdue_to_the_commander() -> None:
    for story, commander in ((accepted, "ada"), (led_by_nobody, None)):
        due, overdue, *_ = passed(INCIDENT, story.state.major, minutes(15.01))
        assert isinstance(due, UpdateDue)
        assert isinstance(overdue, UpdateOverdue)
        assert (due.person, overdue.person) == (commander, commander)
        assert overdue.incident == INCIDENT


def test_a_request_goes_from_one_to_the_next_and_in_the_end_to_the_commander() -> None:
    story = accepted.given(asked(5, "cem"))
    rings = passed(INCIDENT, story.state.major, minutes(12))
    timed = [each for each in rings if isinstance(each, RequestTimedOut)]
    assert [(each.asked, each.next, each.step) for each in timed] == [
        (Target(person="bob"), Target(person="cem"), 0),
        (Target(person="cem"), Target(person="ada"), 1),
    ]
    request = story.state.major.requests[REQUEST]
    states = [request_state(request, minutes(at)) for at in (4.9, 5, 9.9, 10)]
    assert states == ["asked", "asked", "asked", "timed_out"]


def test_without_anybody_left_there_is_nobody_to_ask() -> None:
    [timed] = passed(INCIDENT, led_by_nobody.given(asked(5)).state.major, minutes(5))
    assert isinstance(timed, RequestTimedOut)
    assert (timed.next, timed.tell) == (None, (Target(person="ann"),))


def test_who_hears_that_nobody_comes_hears_it_only_then() -> None:
    for story, heard in ((accepted, [(), ()]), (led_by_nobody, [(), ("ann", "payments")])):
        major = story.given(asked(5, "cem")).state.major
        rings = passed(INCIDENT, major, minutes(12), group="payments")
        timed = [each for each in rings if isinstance(each, RequestTimedOut)]
        assert [tuple(to.person or to.group for to in each.tell) for each in timed] == heard


def test_an_answer_stops_it() -> None:
    yes = RequestAnswered(request=REQUEST, accepted=True, person="bob", at=minutes(1))
    assert told(accepted.given(asked(5), yes).state, 9) == []


def test_after_its_end_the_clock_is_silent() -> None:
    major = in_time.state.major
    assert next_ring(major, minutes(0)) is None
    assert ring_after(major, minutes(0)) is None
    assert told(in_time.state, 9_999) == []


def test_what_was_over_before_the_timer_could_ring_is_said_all_the_same() -> None:
    off = updates.snooze_update(accepted.state, audience="management", **by("ada", at=16))
    down = MajorDemoted(reason="One user", at=minutes(16))
    for story in (accepted.given(sent(16)), accepted.given(*off), accepted.given(down)):
        assert ring_after(story.state.major, minutes(16)) == timedelta(0)
        assert next_ring(story.state.major, minutes(16)) != minutes(15)
        [overdue] = passed(INCIDENT, story.state.major, minutes(16))
        assert overdue == UpdateOverdue(
            incident=INCIDENT,
            audience="management",
            due_at=minutes(15),
            at=minutes(15),
            until=minutes(16),
        )


def test_of_many_that_came_late_unsaid_the_newest_are_said() -> None:
    story = accepted.given(*(sent(hours * 60, "management") for hours in range(1, MOST_LATE + 9)))
    assert len(told(story.state, MOST_LATE * 60 + 500)) == MOST_LATE + 2
    assert story.state.major.tasks["management"].missed == MOST_LATE + 8


def test_the_timer_rings_at_once_where_it_may_not_have_said_all() -> None:
    assert ring_after(accepted.state.major, NOON) == 10 * MINUTE
    assert ring_after(accepted.state.major, minutes(20)) == timedelta(0)


in_time = accepted.given(
    Resolved(code=ResolutionCode.FIXED, summary="Back", at=minutes(5)), sent(10, final=True)
)
audiences = st.sampled_from(["management", "affected-users"])
steps = st.lists(
    st.tuples(st.integers(1, 45), st.sampled_from(["post", "snooze"]), audiences), max_size=12
)


@settings(max_examples=200, deadline=None)
@given(steps=steps)
def test_every_update_that_comes_too_late_is_said_once_as_a_plain_count_says(
    steps: list[tuple[int, str, str]],
) -> None:
    """The clock rings whenever it has asked to; a plain model counts the deadlines that passed."""
    story, now = accepted, 0
    model = {"management": (15, 15, 30), "affected-users": (30, 30, 60)}
    snoozed: set[str] = set()
    said: set[str] = set()
    expected: set[tuple[str, int]] = set()
    for wait, action, audience in [*steps, (240, "end", "")]:
        _ring_until(story.state, minutes(now), minutes(now + wait), said)
        now += wait
        expected |= {(name, due) for name, (due, _, _) in model.items() if due < now}
        if action == "post":
            more: dict[str, Any] = TOLD | {"audiences": [audience]}
            story = story.given(*updates.post_update(story.state, **more, **by("ada", at=now)))
            model[audience] = (now + model[audience][2], model[audience][2], model[audience][2])
            snoozed.discard(audience)
        elif action == "snooze" and audience not in snoozed:
            off = updates.snooze_update(story.state, audience=audience, **by("ada", at=now))
            story = story.given(*off)
            model[audience] = (now + model[audience][1], model[audience][1], model[audience][2])
            snoozed.add(audience)
        elif action == "snooze":
            with pytest.raises(Refused):
                updates.snooze_update(story.state, audience=audience, **by("ada", at=now))
    late = {once(each) for each in passed(INCIDENT, story.state.major, minutes(now))}
    for clock in (said, late):
        overdue = {each for each in clock if each.startswith(UpdateOverdue.topic)}
        assert overdue == {
            f"{UpdateOverdue.topic}:{name}:{minutes(due).isoformat()}" for name, due in expected
        }
    kept = punctuality(story.state.major)
    assert kept is not None
    owed = [each for each in kept["owed"] if each < minutes(now)]
    assert kept["due"] - kept["met"] + len(owed) == len(expected)


def _ring_until(state: Incident, start: datetime, end: datetime, said: set[str]) -> None:
    after = ring_after(state.major, start)
    at = None if after is None else start + after
    while at is not None and at <= end:
        said |= {once(each) for each in passed(INCIDENT, state.major, at)}
        at = next_ring(state.major, at)
