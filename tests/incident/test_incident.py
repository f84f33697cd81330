"""The rules of an incident, command by command: what follows, what is refused and why."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.incident import incident, lifecycle, triage
from services.incident.events import (
    Acknowledged,
    Assigned,
    Cancelled,
    Categorised,
    Closed,
    Declared,
    Diagnosed,
    Held,
    HoldReason,
    Mitigated,
    Noted,
    Prioritised,
    Reopened,
    ResolutionCode,
    Resolved,
    Resumed,
    WorkStarted,
)
from services.incident.incident import Incident
from services.incident.matrix import DEFAULT, Matrix, check_matrix
from services.incident.rules import Status
from shared.auth.roles import Role
from shared.errors import Forbidden, Invalid
from tests.support.scenario import Scenario

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MATRIX = Matrix(version=1, cells=DEFAULT)
PROBLEM = UUID(int=7)

nothing = Scenario(incident.evolve, Incident())
declared = Declared(number=1, title="Checkout is slow", reporter="rita", group="desk")
fixed = Resolved(code=ResolutionCode.FIXED, summary="Rolled back", at=NOON)
closed = Closed(at=NOON)
new = nothing.given(declared)
in_progress = new.given(Acknowledged(at=NOON))
on_hold = in_progress.given(Held(reason=HoldReason.AWAITING_VENDOR))
resolved = in_progress.given(fixed)
is_closed = resolved.given(closed)
cancelled = new.given(Cancelled(reason="A test"))


def test_declaring_without_impact_leaves_the_priority_to_triage() -> None:
    state = nothing.when(
        lifecycle.declare, number=4, title="Slow", reporter="rita", matrix=MATRIX
    ).follows()
    assert (state.status, state.number, state.priority) == (Status.NEW, 4, None)
    assert state.matrix_version is None


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        (1, 1, 1), (1, 2, 2), (1, 3, 3),
        (2, 1, 2), (2, 2, 3), (2, 3, 4),
        (3, 1, 3), (3, 2, 4), (3, 3, 5),
    ],
)  # fmt: skip
def test_the_matrix_of_three_levels_gives_the_priority_and_is_remembered(
    impact: int, urgency: int, priority: int
) -> None:
    matrix = Matrix(version=3, cells=DEFAULT)
    declared = nothing.when(
        lifecycle.declare, number=1, title="Slow", reporter="rita", matrix=matrix, impact=impact,
        urgency=urgency,
    )  # fmt: skip
    triaged = new.when(triage.prioritise, impact=impact, urgency=urgency, matrix=matrix)
    for state in (declared.follows(), triaged.follows()):
        assert (state.priority, state.matrix_version) == (priority, 3)


def test_a_matrix_of_five_levels_works_as_well() -> None:
    cells = {f"{i}{u}": i + u - 1 for i in range(1, 6) for u in range(1, 6)}
    check_matrix(cells)
    matrix = Matrix(version=2, cells=cells)
    new.when(triage.prioritise, impact=5, urgency=5, matrix=matrix).then(
        Prioritised(impact=5, urgency=5, priority=9, matrix_version=2)
    )


def test_a_matrix_with_holes_is_not_taken() -> None:
    with pytest.raises(Invalid, match="holes at 21"):
        check_matrix({"11": 1, "12": 2, "22": 3})


def test_impact_alone_decides_nothing() -> None:
    nothing.when(
        lifecycle.declare, number=1, title="Slow", reporter="rita", matrix=MATRIX, impact=1
    ).refused("both impact and urgency")


def test_a_level_beyond_the_matrix_is_invalid() -> None:
    new.when(triage.prioritise, impact=4, urgency=1, matrix=MATRIX).refused(
        "levels 1 to 3", Invalid
    )


def test_an_incident_is_declared_once() -> None:
    new.when(lifecycle.declare, number=2, title="Again", reporter="rita", matrix=MATRIX).refused(
        "exists already"
    )


def test_an_override_needs_a_reason() -> None:
    overridden = new.when(
        triage.prioritise, impact=3, urgency=3, matrix=MATRIX, override=1, reason="The chairman"
    )
    overridden.then(
        Prioritised(
            impact=3, urgency=3, priority=1, matrix_version=1, overridden=True,
            reason="The chairman",
        )
    )  # fmt: skip
    new.when(triage.prioritise, impact=3, urgency=3, matrix=MATRIX, override=1).refused("reason")


def test_an_override_stays_within_the_priorities_of_the_matrix() -> None:
    new.when(
        triage.prioritise, impact=3, urgency=3, matrix=MATRIX, override=9, reason="Because"
    ).refused("1, 2, 3, 4, 5")


def test_the_same_priority_again_is_nothing_new() -> None:
    triaged = new.given(Prioritised(impact=1, urgency=2, priority=2, matrix_version=1))
    triaged.when(triage.prioritise, impact=1, urgency=2, matrix=MATRIX).nothing_new()


def test_a_new_matrix_decides_anew() -> None:
    triaged = new.given(Prioritised(impact=1, urgency=2, priority=2, matrix_version=1))
    stricter = Matrix(version=2, cells=DEFAULT | {"12": 1})
    triaged.when(triage.prioritise, impact=1, urgency=2, matrix=stricter).then(
        Prioritised(impact=1, urgency=2, priority=1, matrix_version=2)
    )


def test_categorising_changes_only_what_is_named() -> None:
    known = new.given(Categorised(category="network", service="checkout"))
    known.when(triage.categorise, subcategory="dns").then(
        Categorised(category="network", subcategory="dns", service="checkout")
    )
    known.when(triage.categorise, category="network").nothing_new()


def test_an_assignment_keeps_what_is_not_named_and_clears_what_is_null() -> None:
    assigned = new.given(Assigned(group="network", person="ada"))
    assigned.when(triage.assign, person="bob").then(Assigned(group="network", person="bob"))
    assigned.when(triage.assign, group=None).then(Assigned(group=None, person="ada"))
    assigned.when(triage.assign, group="network").nothing_new()


def test_each_change_of_group_counts_to_none_and_from_none_too() -> None:
    steps = [("desk", 0), ("network", 1), (None, 2), ("network", 3), ("network", 3)]
    story = new
    for group, count in steps:
        story = story.given(Assigned(group=group, person=f"person {count}"))
        assert story.state.reassignment_count == count


def test_the_first_acknowledgement_stamps_the_milestone_and_begins_the_work() -> None:
    acknowledged = new.when(lifecycle.acknowledge, at=NOON).then(Acknowledged(at=NOON))
    assert acknowledged.state.status is Status.IN_PROGRESS
    acknowledged.when(lifecycle.acknowledge, at=NOON + HOUR).nothing_new()
    assert acknowledged.given(Acknowledged(at=NOON + HOUR)).state.acknowledged_at == NOON


def test_starting_work_is_no_acknowledgement() -> None:
    started = new.when(lifecycle.start).then(WorkStarted())
    assert (started.state.status, started.state.acknowledged_at) == (Status.IN_PROGRESS, None)
    assert started.when(lifecycle.acknowledge, at=NOON).follows().acknowledged_at == NOON


@pytest.mark.parametrize("story", [new, in_progress, on_hold], ids=["new", "in work", "held"])
def test_a_hold_has_a_reason_which_may_change(story: Scenario[Incident]) -> None:
    held = story.when(lifecycle.hold, reason=HoldReason.AWAITING_CHANGE).then(
        Held(reason=HoldReason.AWAITING_CHANGE)
    )
    assert held.state.status is Status.ON_HOLD
    assert held.state.hold_reason is HoldReason.AWAITING_CHANGE


def test_awaiting_the_caller_says_what_is_asked_of_them() -> None:
    new.when(lifecycle.hold, reason=HoldReason.AWAITING_CALLER).refused("note")
    new.when(lifecycle.hold, reason=HoldReason.AWAITING_CALLER, note="Which browser?").then(
        Held(reason=HoldReason.AWAITING_CALLER, note="Which browser?")
    )


def test_awaiting_a_problem_names_it() -> None:
    new.when(lifecycle.hold, reason=HoldReason.AWAITING_PROBLEM).refused("problem")
    held = new.when(lifecycle.hold, reason=HoldReason.AWAITING_PROBLEM, problem=PROBLEM).follows()
    assert held.problem == PROBLEM


def test_leaving_a_hold_forgets_its_reason() -> None:
    for leave in (
        on_hold.when(lifecycle.resume).then(Resumed()),
        on_hold.when(lifecycle.start).then(WorkStarted()),
        on_hold.given(fixed),
        on_hold.given(Cancelled(reason="A duplicate")),
    ):
        assert leave.state.hold_reason is None


def test_a_cause_may_be_revised() -> None:
    story = in_progress.when(triage.diagnose, cause="A leak", evidence=["graph 1"]).then(
        Diagnosed(cause="A leak", evidence=("graph 1",))
    )
    revised = story.when(triage.diagnose, cause="A lock").then(Diagnosed(cause="A lock"))
    assert revised.state.cause == "A lock"


def test_mitigation_stamps_when_the_impact_stopped_and_leaves_the_status() -> None:
    mitigated = on_hold.when(triage.mitigate, action="Failed over", at=NOON).then(
        Mitigated(action="Failed over", at=NOON)
    )
    assert (mitigated.state.status, mitigated.state.mitigated_at) == (Status.ON_HOLD, NOON)


@pytest.mark.parametrize("story", [new, in_progress, on_hold], ids=["new", "in work", "held"])
def test_resolving_says_how(story: Scenario[Incident]) -> None:
    state = (
        story.when(lifecycle.resolve, code=ResolutionCode.FIXED, summary="Rolled back", at=NOON)
        .then(fixed)
        .state
    )
    assert (state.status, state.resolution_code) == (Status.RESOLVED, ResolutionCode.FIXED)
    assert (state.resolution, state.resolved_at) == ("Rolled back", NOON)


def test_a_known_error_is_named() -> None:
    by_known_error = {"code": ResolutionCode.KNOWN_ERROR, "summary": "KE", "at": NOON}
    new.when(lifecycle.resolve, **by_known_error).refused("names the known error")
    known = new.when(lifecycle.resolve, **by_known_error, known_error="KE-1").follows()
    assert known.known_error == "KE-1"


def test_an_incident_is_not_resolved_twice() -> None:
    resolved.when(lifecycle.resolve, code=ResolutionCode.FIXED, summary="Again", at=NOON).refused(
        "is resolved"
    )


def test_a_reopened_incident_has_no_resolution_and_counts_its_reopenings() -> None:
    reopening = {"reason": "It is back", "at": NOON, "window": 14 * DAY}
    story = resolved
    for count in (1, 2):
        story = story.when(
            lifecycle.reopen, **reopening, roles=frozenset({Role.RESPONDER})
        ).then(Reopened(reason="It is back", at=NOON))  # fmt: skip
        state = story.state
        assert (state.status, state.reopen_count) == (Status.IN_PROGRESS, count)
        assert (state.resolution, state.resolution_code, state.resolved_at) == (None, None, None)
        story = story.given(fixed)


def test_a_reopening_by_its_reporter_says_so() -> None:
    resolved.when(
        lifecycle.reopen, reason="No", at=NOON, window=DAY, roles=frozenset({Role.REPORTER}),
        by_reporter=True,
    ).then(Reopened(reason="No", by_reporter=True, at=NOON))  # fmt: skip


@pytest.mark.parametrize("role", [Role.RESPONDER, Role.REPORTER, Role.PROBLEM_MANAGER])
def test_a_closed_incident_is_its_managers_to_reopen(role: Role) -> None:
    is_closed.when(
        lifecycle.reopen, reason="Back", at=NOON + HOUR, window=DAY, roles=frozenset({role})
    ).refused("incident_manager", Forbidden)


@pytest.mark.parametrize("role", [Role.INCIDENT_MANAGER, Role.ADMIN])
def test_a_manager_reopens_a_closed_incident_however_late(role: Role) -> None:
    reopened = is_closed.when(
        lifecycle.reopen,
        reason="Back",
        at=NOON + 400 * DAY,
        window=14 * DAY,
        roles=frozenset({role}),
    ).follows()
    assert (reopened.status, reopened.closed_at) == (Status.IN_PROGRESS, None)


def test_a_machine_reopens_a_closed_incident_within_the_window_only() -> None:
    machine = frozenset({Role.SERVICE})
    for late, is_reopened in ((14 * DAY, True), (14 * DAY + timedelta(seconds=1), False)):
        decision = is_closed.when(
            lifecycle.reopen, reason="Firing", at=NOON + late, window=14 * DAY, roles=machine
        )
        if is_reopened:
            decision.then(Reopened(reason="Firing", at=NOON + late))
        else:
            decision.refused("more than 14 days ago")


def test_only_what_is_resolved_is_closed() -> None:
    assert resolved.when(lifecycle.close, at=NOON).then(closed).state.closed_at == NOON
    in_progress.when(lifecycle.close, at=NOON).refused("in progress")


@pytest.mark.parametrize("story", [new, in_progress, on_hold], ids=["new", "in work", "held"])
def test_what_is_no_incident_is_cancelled(story: Scenario[Incident]) -> None:
    state = story.when(lifecycle.cancel, reason="A test").then(Cancelled(reason="A test")).state
    assert state.status is Status.CANCELLED


@pytest.mark.parametrize(
    "story", [new, in_progress, on_hold, resolved, is_closed, cancelled], ids=range(6)
)
def test_a_note_is_possible_for_ever(story: Scenario[Incident]) -> None:
    noted = story.when(triage.note, text="For the record").then(Noted(text="For the record"))
    assert noted.state == story.state


def test_nothing_is_possible_before_the_declaration() -> None:
    nothing.when(triage.note, text="Hello").refused("does not exist")
    nothing.when(lifecycle.start).refused("does not exist")


def test_what_happened_before_the_declaration_stays_in_the_order_of_the_world() -> None:
    mitigated = Mitigated(action="Failed over", at=NOON - HOUR)
    folded = incident.evolve(incident.evolve(Incident(), mitigated), declared)
    assert (folded.status, folded.mitigated_at) == (Status.NEW, NOON - HOUR)
    assert folded.title == "Checkout is slow"
