"""How a major incident ends: what is left to do is named, who closes it, what a reopening owes."""

from typing import Any

import pytest

from services.incident import lifecycle
from services.incident.events import Cancelled, Closed, Reopened
from services.incident.major.events import (
    ClosingNotice,
    ProblemWaived,
    ReviewCompleted,
    UpdatesPlanned,
)
from services.incident.major.state import open_tasks
from services.incident.rules import MajorState
from shared.auth.roles import Role
from shared.errors import Forbidden, Refused
from tests.incident.major.given import (
    MANAGER,
    NOON,
    PLAN,
    accepted,
    demoted,
    done,
    its_resolution,
    minutes,
    new,
    resolved,
    sent,
)


@pytest.mark.parametrize("missing", [{"final"}, {"review"}, {"problem"}, {"final", "problem"}])
def test_each_thing_that_is_left_to_do_is_named(missing: set[str]) -> None:
    steps: dict[str, Any] = {
        "final": sent(61, final=True),
        "review": ReviewCompleted(revision=1, at=NOON),
        "problem": ProblemWaived(reason="Known"),
    }
    story = resolved.given(*(event for name, event in steps.items() if name not in missing))
    with pytest.raises(Refused) as refusal:
        lifecycle.close(story.state, at=NOON, roles=MANAGER)
    named = {condition for condition, _ in refusal.value.unmet}
    assert {each.partition("_")[0].partition(":")[0] for each in named} == missing
    assert all(detail in refusal.value.detail for _, detail in refusal.value.unmet)


def test_it_closes_with_a_notice_to_every_audience() -> None:
    close = {"at": minutes(80), "roles": MANAGER}
    done.when(lifecycle.close, **close).then(
        Closed(at=minutes(80)),
        ClosingNotice(audiences=("management", "affected-users"), at=minutes(80), ways=PLAN),
    )


def test_a_problem_is_waived_with_the_reason_why() -> None:
    story = resolved.given(sent(61, final=True), ReviewCompleted(revision=1, at=NOON))
    state = story.when(
        lifecycle.close, at=minutes(80), roles=MANAGER, waive_problem="A supplier"
    ).follows()
    assert (state.status, state.major.problem_waived) == ("closed", "A supplier")
    new.when(lifecycle.close, at=NOON, waive_problem="x").refused("the incident is new")


def test_only_its_manager_closes_it_and_only_fromits_resolution() -> None:
    for other in (Role.RESPONDER, Role.INCIDENT_MANAGER):
        done.when(lifecycle.close, at=NOON, roles=frozenset({other})).refused(
            "major_incident_manager", Forbidden
        )
    accepted.when(lifecycle.close, at=NOON, roles=MANAGER).refused("the incident is new")
    demoted_and_resolved = demoted.given(*its_resolution())
    demoted_and_resolved.when(lifecycle.close, at=NOON, roles=MANAGER).refused(
        "incident_manager or responder", Forbidden
    )
    demoted_and_resolved.when(lifecycle.close, at=NOON).then(Closed(at=NOON))
    demoted_and_resolved.when(lifecycle.close, at=NOON, waive_problem="x").refused(
        "only a major incident"
    )


def test_reopening_leaves_what_was_owed_and_what_the_plan_had_left_out() -> None:
    less = UpdatesPlanned(at=minutes(1), policy_version=2, plan=PLAN[:1], priority=1)
    story = accepted.given(less, *its_resolution(), Reopened(reason="Back", at=minutes(5)))
    tasks = story.state.major.tasks
    assert (tasks["management"].due_at, tasks["management"].closed_at) == (minutes(15), None)
    assert tasks["affected-users"].closed_at == minutes(1)


def test_imported_history_may_end_even_an_accepted_one() -> None:
    assert accepted.given(Cancelled(reason="x")).state.major.state is MajorState.NONE
    over = resolved.given(Closed(at=minutes(70))).state.major
    assert list(open_tasks(over)) == []


def test_reopening_owes_the_audiences_updates_and_another_review() -> None:
    story = done.given(Closed(at=minutes(80)), ClosingNotice(audiences=("management",), at=NOON))
    state = story.given(Reopened(reason="Back", at=minutes(100))).state
    due = {name: (task.closed_at, task.due_at) for name, task in state.major.tasks.items()}
    assert due == {
        "management": (None, minutes(130)),
        "affected-users": (None, minutes(160)),
    }
    assert not state.major.review_completed
    assert state.major.review_revision == 1
    assert not any(task.final_sent for task in state.major.tasks.values())
