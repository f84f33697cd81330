"""How a problem comes into each of its states, and one good call of each command."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.problem import closing, duplicates, investigation, lifecycle, problem, workarounds
from services.problem.analyses import commands
from services.problem.events import (
    Assessed,
    Cancelled,
    ChangeState,
    Closed,
    Confirmed,
    FixPlanned,
    Logged,
    MarkedDuplicate,
    Prioritised,
    Resolved,
    RiskAccepted,
    RootCauseRecorded,
    TaskAdded,
    WorkaroundDrafted,
    WorkaroundPublished,
)
from services.problem.matrix import DEFAULT, Matrix
from services.problem.problem import Problem
from tests.support.scenario import Scenario

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOON.date()
CHRISTMAS = date(2026, 12, 25)
MATRIX = Matrix(version=1, cells=DEFAULT)
INCIDENT, OTHER_INCIDENT = UUID(int=1), UUID(int=2)
TASK, OTHER, ANALYSIS = UUID(int=3), UUID(int=4), UUID(int=5)

logged = Logged(number=1, title="Checkout is slow", category="database", incidents=(INCIDENT,))
assessed = Assessed(
    category="database", impact=1, urgency=2, priority=2, matrix_version=1, owner="paul"
)
task = TaskAdded(task=TASK, title="Size the pool")
draft = WorkaroundDrafted(text="Restart it")
cause = RootCauseRecorded(cause="The pool is too small", evidence=("heap dump",), at=NOON)
fix = FixPlanned(fix="A bigger pool", target_date=CHRISTMAS)
accepted = RiskAccepted(
    reason="Too dear", approver="chief", review_date=CHRISTMAS, remind_after_days=33
)

nothing = Scenario(problem.evolve, Problem())
new = nothing.given(logged)
assessing = new.given(assessed)
analysing = assessing.given(Confirmed())
fixing = analysing.given(cause, fix)
resolved = fixing.given(Resolved(summary="The pool is bigger", at=NOON, incidents=(INCIDENT,)))

STATES: dict[str, Scenario[Problem]] = {
    "new": new,
    "assessing": assessing,
    "root_cause_analysis": analysing,
    "fix_in_progress": fixing,
    "resolved": resolved,
    "closed": resolved.given(Closed(lessons_learned="Size pools", at=NOON)),
    "risk_accepted": analysing.given(accepted),
    "duplicate": new.given(MarkedDuplicate(of=OTHER)),
    "cancelled": new.given(Cancelled(reason="A test")),
}

REVIEW: dict[str, Any] = {
    "outcome": "Solved",
    "what_happened": "The pool ran dry",
    "went_well": "Found in an hour",
    "went_badly": "Nobody watched it",
    "prevention": "An alert on free connections",
    "at": NOON,
}
major = Prioritised(impact=1, urgency=2, priority=2, matrix_version=1, major=True)

COMMANDS: dict[str, tuple[Callable[..., Sequence[Any]], dict[str, Any]]] = {
    "assess": (lifecycle.assess, {"matrix": MATRIX, "impact": 1, "urgency": 2, "owner": "paul"}),
    "confirm": (lifecycle.confirm, {}),
    "analyse": (commands.analyse, {"analysis": ANALYSIS, "question": "Why?"}),
    "add-hypothesis": (
        commands.add_hypothesis,
        {"hypothesis": "The driver leaks", "analysis": None, "otherwise": ANALYSIS},
    ),
    "note": (investigation.note, {"text": "Seen again"}),
    "link-incident": (investigation.link_incident, {"incident": OTHER_INCIDENT}),
    "unlink-incident": (investigation.unlink_incident, {"incident": INCIDENT}),
    "add-task": (investigation.add_task, {"task": OTHER, "title": "Ask the vendor", "at": NOON}),
    "complete-task": (investigation.complete_task, {"task": TASK, "at": NOON}),
    "assign": (investigation.assign, {"group": "database"}),
    "prioritise": (lifecycle.prioritise, {"matrix": MATRIX, "impact": 3, "urgency": 3}),
    "record-root-cause": (
        lifecycle.record_root_cause,
        {"cause": "The pool", "evidence": ["heap dump"], "at": NOON},
    ),
    "draft-workaround": (workarounds.draft_workaround, {"text": "Restart it twice"}),
    "publish-workaround": (workarounds.publish_workaround, {}),
    "withdraw-workaround": (workarounds.withdraw_workaround, {"reason": "It harms"}),
    "plan-fix": (lifecycle.plan_fix, {"fix": "A bigger pool", "target_date": CHRISTMAS}),
    "record-change": (
        lifecycle.record_change,
        {"reference": "CHG-1", "state": ChangeState.IMPLEMENTED},
    ),
    "resolve": (lifecycle.resolve, {"summary": "The pool is bigger", "at": NOON}),
    "reject-fix": (lifecycle.reject_fix, {"reason": "Slow again"}),
    "review": (closing.review, REVIEW),
    "close": (closing.close, {"at": NOON, "lessons_learned": "Size pools"}),
    "accept-risk": (
        lifecycle.accept_risk,
        {"reason": "Dear", "approver": "chief", "review_date": CHRISTMAS, "today": TODAY},
    ),
    "mark-duplicate": (duplicates.mark_duplicate, {"of": OTHER}),
    "cancel": (lifecycle.cancel, {"reason": "A test"}),
    "reanalyse": (lifecycle.reanalyse, {"reason": "It came back"}),
}

_NEEDS = {
    "complete-task": (task,),
    "publish-workaround": (draft,),
    "withdraw-workaround": (draft, WorkaroundPublished(revision=1)),
    "plan-fix": (cause,),
    "review": (major,),
}


def story(command: str, state: str) -> Scenario[Problem]:
    """A problem in this state, with what the command needs beside the state."""
    return STATES[state].given(*_NEEDS.get(command, ()))
