"""What follows from another system's steps: native events with their origin, nothing refused."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.problem import events as e
from services.problem.backfill import events as b
from services.problem.backfill.conformance import deviations
from services.problem.backfill.history import Manner, follows, logged
from services.problem.events import ProblemEvent
from services.problem.problem import Problem, evolve
from services.problem.rules import Status
from shared.backfill.history import History, Step
from shared.domain import Event

DAY = datetime(2012, 3, 1, 8, tzinfo=UTC)
QUIET = Manner("theirs")
TOLD = [status for status in Status if status is not Status.DUPLICATE]
STATUSES = st.sampled_from(TOLD)


def step(hours: int = 0, /, note: str | None = None, **said: Any) -> Step:
    at = DAY + timedelta(hours=hours)
    return Step(at=at, by="minnie", set=said, note=note, source={"row": hours})


def told(*steps: Step, manner: Manner = QUIET) -> Problem:
    problem = Problem()
    history = History(external_ref="T-1", details={"title": "Pools run dry"}, steps=steps)
    for n, each in enumerate(steps):
        events = follows(problem, each, manner) if n else logged(history, 7, manner)
        for event in events:
            problem = evolve(problem, event)
    return problem


def kinds(problem: Problem, later: Step) -> list[type[Event]]:
    return [type(event) for event in follows(problem, later, QUIET)]


def test_a_history_begins_with_what_the_record_said_first() -> None:
    problem = told(step(status="root_cause_analysis", group="a2", priority=4, root_cause="Pool"))
    assert (problem.status, problem.group) == (Status.ROOT_CAUSE_ANALYSIS, "a2")
    assert (problem.priority, problem.matrix_version, problem.source) == (4, None, "theirs")
    assert (problem.external_ref, problem.imported, problem.root_cause) == ("T-1", True, "Pool")


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ("assessing", "root_cause_analysis", e.Confirmed),
        ("new", "root_cause_analysis", b.StatusStated),
        ("root_cause_analysis", "fix_in_progress", b.StatusStated),
        ("fix_in_progress", "resolved", e.Resolved),
        ("resolved", "fix_in_progress", e.FixRejected),
        ("resolved", "root_cause_analysis", e.ReanalysisBegun),
        ("closed", "root_cause_analysis", e.ReanalysisBegun),
        ("risk_accepted", "root_cause_analysis", e.ReanalysisBegun),
        ("cancelled", "root_cause_analysis", b.StatusStated),
        ("root_cause_analysis", "closed", e.Closed),
        ("new", "cancelled", e.Cancelled),
    ],
)
def test_each_turn_is_told_by_the_event_that_says_it_best(
    here: str, there: str, expected: type[ProblemEvent]
) -> None:
    assert kinds(told(step(status=here)), step(1, status=there)) == [expected]


def test_a_step_without_any_difference_is_kept() -> None:
    problem = told(step(group="a2"))
    assert kinds(problem, step(1, group="a2")) == [b.SourceStated]
    assert told(step(group="a2"), step(1, group="a2")).stated == {"row": 1}


def test_closed_and_taken_up_again_it_is_counted_and_has_no_end() -> None:
    again = told(step(status="closed"), step(1, status="fix_in_progress"))
    assert (again.status, again.reanalysis_count) == (Status.FIX_IN_PROGRESS, 1)
    assert again.closed_at is None


@given(st.lists(STATUSES, min_size=1, max_size=12))
def test_whatever_it_says_it_stands_as_it_says(statuses: list[Status]) -> None:
    problem = told(*(step(n, status=status) for n, status in enumerate(statuses)))
    assert problem.status is statuses[-1]
    ended = {Status.RESOLVED, Status.CLOSED, Status.RISK_ACCEPTED}
    under_way = {Status.ROOT_CAUSE_ANALYSIS, Status.FIX_IN_PROGRESS}
    turns = sum(
        here in ended
        and there in under_way
        and (here, there) != (Status.RESOLVED, Status.FIX_IN_PROGRESS)
        for here, there in pairwise(statuses)
    )
    assert problem.reanalysis_count == turns


def test_what_our_rules_would_have_refused_is_listed_with_the_reason() -> None:
    problem = told(step(status="closed"))
    late = step(1, group="a2")
    assert [
        (d.step, d.change) for d in deviations(problem, 2, late, follows(problem, late, QUIET))
    ] == [(2, "assign")]
    turn = step(1, status="new")
    (found,) = deviations(problem, 2, turn, follows(problem, turn, QUIET))
    assert (found.change, found.reason) == (
        "closed → new",
        "the problem is closed; reanalyse it first",
    )
