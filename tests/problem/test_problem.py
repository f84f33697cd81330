"""The rules of a problem, command by command: what follows, what is refused and why."""

from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from services.problem import closing, duplicates, investigation, lifecycle, workarounds
from services.problem.duplicates import Belongings
from services.problem.events import (
    Assessed,
    Assigned,
    ChangeRecorded,
    ChangeState,
    Closed,
    Confirmed,
    DuplicateTakenOver,
    FixPlanned,
    IncidentLinked,
    Logged,
    Noted,
    OwnerNamed,
    Prioritised,
    ProblemEvent,
    Resolved,
    RiskAccepted,
    TaskAdded,
    TaskCompleted,
    WorkaroundDrafted,
    WorkaroundPublished,
    WorkaroundWithdrawn,
)
from services.problem.facts import FactEvent
from services.problem.parts import Task
from services.problem.rules import Status
from services.problem.timeline import TELLER
from shared.errors import Invalid, Refused
from tests.problem.stories import (
    CHRISTMAS,
    INCIDENT,
    MATRIX,
    NOON,
    OTHER,
    OTHER_INCIDENT,
    STATES,
    TASK,
    TODAY,
    accepted,
    analysing,
    assessed,
    assessing,
    cause,
    draft,
    fixing,
    logged,
    new,
    nothing,
    resolved,
    task,
)

PLANNED_STILL = (
    "the change CHG-1 is still planned; "
    "record whether it is implemented, has failed or is cancelled"
)
planned = ChangeRecorded(reference="CHG-1", state=ChangeState.PLANNED)
published = WorkaroundPublished(revision=1, incidents=(INCIDENT,))


def test_logging_looks_the_priority_up_and_remembers_the_matrix() -> None:
    nothing.when(lifecycle.log, number=7, title="Slow", matrix=MATRIX, impact=1, urgency=3).then(
        Logged(number=7, title="Slow", impact=1, urgency=3, priority=3, matrix_version=1)
    )


def test_a_problem_is_logged_once() -> None:
    new.when(lifecycle.log, number=2, title="Again", matrix=MATRIX).refused("exists already")


def test_impact_alone_decides_nothing() -> None:
    nothing.when(lifecycle.log, number=1, title="Slow", matrix=MATRIX, impact=1).refused(
        "both impact and urgency"
    )


def test_a_level_beyond_the_matrix_is_invalid() -> None:
    new.when(lifecycle.prioritise, impact=9, urgency=1, matrix=MATRIX).refused(
        "levels 1 to 3", Invalid
    )


def test_an_assessment_takes_what_was_said_when_it_was_raised() -> None:
    new.when(lifecycle.assess, impact=1, urgency=2, owner="paul", matrix=MATRIX).then(assessed)


def test_an_assessment_names_all_that_is_missing() -> None:
    with pytest.raises(Refused) as refusal:
        lifecycle.assess(new.state, matrix=MATRIX)
    assert [condition for condition, _ in refusal.value.unmet] == ["impact", "urgency", "owner"]


def test_an_override_needs_a_reason_and_a_priority_of_the_matrix() -> None:
    new.when(lifecycle.prioritise, impact=3, urgency=3, matrix=MATRIX, override=1).refused("reason")
    new.when(
        lifecycle.prioritise, impact=3, urgency=3, matrix=MATRIX, override=9, reason="Why not"
    ).refused("knows the priorities 1, 2, 3, 4, 5")
    new.when(
        lifecycle.prioritise, impact=3, urgency=3, matrix=MATRIX, override=1, reason="The board"
    ).then(
        Prioritised(
            impact=3, urgency=3, priority=1, matrix_version=1, overridden=True, reason="The board"
        )
    )


def test_the_same_priority_again_is_nothing_new() -> None:
    assessing.when(lifecycle.prioritise, impact=1, urgency=2, matrix=MATRIX).nothing_new()


def test_a_root_cause_names_its_evidence_and_keeps_the_moment_it_was_first_known() -> None:
    analysing.when(lifecycle.record_root_cause, cause="Load", evidence=[], at=NOON).refused(
        "names its evidence"
    )
    later = NOON + timedelta(days=1)
    revised = analysing.given(cause).when(
        lifecycle.record_root_cause, cause="The driver", evidence=["trace"], at=later
    )
    state = revised.follows()
    assert (state.root_cause, state.evidence, state.root_cause_at) == (
        "The driver", ("trace",), NOON,
    )  # fmt: skip


def test_a_fix_is_planned_for_a_known_root_cause() -> None:
    plan = {"fix": "A bigger pool", "target_date": CHRISTMAS}
    analysing.when(lifecycle.plan_fix, **plan).refused("record the root cause first")
    analysing.given(cause).when(lifecycle.plan_fix, **plan, change="CHG-1").then(
        FixPlanned(fix="A bigger pool", target_date=CHRISTMAS), planned
    )


def test_it_is_not_resolved_while_a_linked_change_is_planned() -> None:
    with pytest.raises(Refused) as refusal:
        lifecycle.resolve(fixing.given(planned).state, summary="Done", at=NOON)
    assert refusal.value.unmet == (("planned_changes", PLANNED_STILL),)
    done = ChangeRecorded(reference="CHG-1", state=ChangeState.IMPLEMENTED)
    fixing.given(planned, done).when(lifecycle.resolve, summary="Done", at=NOON).then(
        Resolved(summary="Done", at=NOON, incidents=(INCIDENT,))
    )


def test_closing_names_everything_that_is_missing() -> None:
    major = Assessed(
        category="a", impact=1, urgency=1, priority=1, matrix_version=1, owner="p", major=True
    )
    story = new.given(major, Confirmed(), cause, task, Resolved(summary="Done", at=NOON), planned)
    with pytest.raises(Refused) as refusal:
        closing.close(story.state, at=NOON)
    assert [condition for condition, _ in refusal.value.unmet] == [
        "planned_changes", "open_tasks", "lessons_learned", "review_outcome",
    ]  # fmt: skip


def test_without_a_root_cause_only_an_accepted_risk_is_closed() -> None:
    unexplained = analysing.given(Resolved(summary="Gone", at=NOON))
    with pytest.raises(Refused) as refusal:
        closing.close(unexplained.state, at=NOON, lessons_learned="None")
    assert refusal.value.unmet == (("root_cause", "record the root cause, or accept the risk"),)
    analysing.given(accepted).when(
        closing.close, at=NOON, lessons_learned="It is cheap to live with"
    ).then(Closed(lessons_learned="It is cheap to live with", at=NOON))


def test_a_risk_is_reviewed_on_a_day_to_come() -> None:
    risk = {"reason": "Too dear", "approver": "chief", "today": TODAY}
    fixing.when(lifecycle.accept_risk, **risk, review_date=TODAY).refused("a day to come")
    fixing.when(lifecycle.accept_risk, **risk, review_date=CHRISTMAS).then(
        RiskAccepted(
            reason="Too dear", approver="chief", review_date=CHRISTMAS, remind_after_days=33,
            incidents=(INCIDENT,),
        )
    )  # fmt: skip


def test_a_new_analysis_is_counted_and_forgets_the_end_but_not_the_cause() -> None:
    state = STATES["closed"].when(lifecycle.reanalyse, reason="It came back").follows()
    assert state.status is Status.ROOT_CAUSE_ANALYSIS
    assert (state.reanalysis_count, state.closed_at, state.resolved_at) == (1, None, None)
    assert state.root_cause == cause.cause


def test_a_problem_has_so_many_incidents_and_tasks_and_no_more() -> None:
    many = [UUID(int=n) for n in range(10, 10 + investigation.MOST_INCIDENTS)]
    new.when(investigation.link_incidents, incidents=many).refused("2,000 linked incidents")
    full = new.given(*(IncidentLinked(incident=each) for each in many[1:]))
    assert not investigation.can_be_linked(full.state)
    assert investigation.can_be_linked(new.state)
    busy = new.given(*(TaskAdded(task=each, title="Ask") for each in many[:200]))
    more = {"task": TASK, "title": "One more", "at": NOON}
    busy.when(investigation.add_task, **more).refused("200 tasks at most")


def test_a_task_is_due_on_a_day_on_which_it_can_still_be_done() -> None:
    ask = {"task": TASK, "title": "Ask", "at": NOON}
    past = NOON.date() - timedelta(1)
    new.when(investigation.add_task, **ask, due=past).refused(f"the due date {past} is past")
    new.when(investigation.add_task, **ask, due=NOON.date()).then(
        TaskAdded(task=TASK, title="Ask", due=NOON.date())
    )


def test_an_owner_is_named_and_once_assessed_there_is_one() -> None:
    new.when(investigation.assign, owner="paul", group="database").then(
        Assigned(group="database"), OwnerNamed(owner="paul")
    )
    assessing.when(investigation.assign, owner=None).refused("has an owner")
    assessing.when(investigation.assign, owner="paul").nothing_new()


def test_everything_that_happens_is_told_in_a_sentence() -> None:
    kinds = {*get_args(ProblemEvent), *get_args(FactEvent)}
    assert kinds <= set(TELLER.sentences)


def test_linking_twice_is_nothing_new() -> None:
    new.when(investigation.link_incident, incident=INCIDENT).nothing_new()
    new.when(investigation.unlink_incident, incident=OTHER_INCIDENT).nothing_new()
    new.when(investigation.link_incidents, incidents=(INCIDENT, OTHER_INCIDENT)).then(
        IncidentLinked(incident=OTHER_INCIDENT)
    )


def test_a_workaround_is_drafted_published_revised_and_withdrawn() -> None:
    new.when(workarounds.publish_workaround).refused("draft one first")
    new.when(workarounds.withdraw_workaround, reason="?").refused("no published workaround")
    told = new.given(draft).when(workarounds.publish_workaround).then(published)
    told.when(workarounds.publish_workaround).refused("draft one first")
    revised = (
        told.given(WorkaroundDrafted(text="Restart it twice"))
        .when(workarounds.publish_workaround)
        .then(WorkaroundPublished(revision=2, incidents=(INCIDENT,)))
    )
    assert revised.state.workaround.published == "Restart it twice"
    ended = revised.when(workarounds.withdraw_workaround, reason="It harms").then(
        WorkaroundWithdrawn(revision=2, reason="It harms", incidents=(INCIDENT,))
    )
    assert [s.state.workaround.status for s in (new, told, ended)] == [
        None, "published", "withdrawn",
    ]  # fmt: skip


def test_a_task_is_done_once() -> None:
    open_task = new.given(task)
    open_task.when(investigation.complete_task, task=OTHER, at=NOON).refused("no such task")
    done = open_task.when(investigation.complete_task, task=TASK, at=NOON).then(
        TaskCompleted(task=TASK, at=NOON)
    )
    assert done.state.open_tasks == ()
    done.when(investigation.complete_task, task=TASK, at=NOON).nothing_new()


def test_what_a_duplicate_had_moves_and_no_text_of_a_workaround_is_lost() -> None:
    had = Belongings(
        duplicate=OTHER,
        number=2,
        incidents=(INCIDENT, OTHER_INCIDENT),
        tasks=[Task(id=TASK, title="Size the pool")],
        published="Restart it",
    )
    taken = DuplicateTakenOver(duplicate=OTHER, incidents=(OTHER_INCIDENT,))
    moved = TaskAdded(task=TASK, title="Size the pool")
    told = WorkaroundPublished(revision=1, incidents=(INCIDENT, OTHER_INCIDENT))
    next_draft = WorkaroundDrafted(text="Restart it twice")
    take = duplicates.take_over
    new.when(take, had=had).then(taken, moved, draft, told)
    new.when(take, had=had._replace(draft="Restart it twice")).then(
        taken, moved, draft, told, next_draft
    )
    new.when(take, had=had._replace(published=None, draft="Restart it")).then(taken, moved, draft)
    new.given(draft, published).when(take, had=had).then(taken, moved, draft)
    new.given(draft).when(take, had=had).then(
        taken, moved, Noted(text="A workaround of PRB-2: Restart it")
    )
    resolved.when(take, had=had._replace(published=None)).then(taken, moved)


def test_what_has_moved_to_another_problem_is_there_alone() -> None:
    held = new.given(task, draft, published)
    state = held.when(duplicates.mark_duplicate, of=OTHER).follows()
    assert (state.incidents, state.tasks) == ((), {})
    assert state.workaround.status == "withdrawn"


def test_nothing_moves_to_what_is_itself_a_duplicate() -> None:
    had = Belongings(duplicate=OTHER, number=2)
    STATES["duplicate"].when(duplicates.take_over, had=had).refused(
        "PRB-1 takes nothing over: the problem is a duplicate of another"
    )


def test_what_was_so_before_anybody_logged_it_is_kept_when_read_by_effective_time() -> None:
    state = nothing.given(cause, TaskCompleted(task=TASK, at=NOON), logged).state
    assert (state.root_cause, state.title) == (cause.cause, "Checkout is slow")
