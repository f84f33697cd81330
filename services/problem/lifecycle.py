"""The way of a problem from its logging to its end: each command answers with events, or refuses.

What is done along the way (analyses, workarounds, tasks, links) stands in `investigation.py`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from services.problem import events as e
from services.problem.events import ChangeState, ProblemEvent
from services.problem.matrix import Matrix
from services.problem.problem import Problem
from services.problem.rules import RULES, WHY_NOT, Status
from shared.errors import Refused


def refusal(problem: Problem, command: str) -> str | None:
    """Why this command is not possible in this state; None where it is."""
    if problem.status is None:
        return "the problem does not exist"
    return None if RULES[command].leads[problem.status] else WHY_NOT[problem.status]


def require(problem: Problem, command: str) -> None:
    """Raises Refused where the table does not allow the command in this state."""
    if (reason := refusal(problem, command)) is not None:
        raise Refused(reason)


def log(
    problem: Problem,
    /,
    *,
    number: int,
    title: str,
    matrix: Matrix,
    impact: int | None = None,
    urgency: int | None = None,
    **details: Any,
) -> Sequence[ProblemEvent]:
    if problem.status is not None:
        raise Refused("the problem exists already")
    priority = None
    if impact is not None and urgency is not None:
        priority = matrix.priority(impact, urgency)
    elif impact is not None or urgency is not None:
        raise Refused("give both impact and urgency, or neither: the assessment sets them")
    return [
        e.Logged(
            number=number,
            title=title,
            impact=impact,
            urgency=urgency,
            priority=priority,
            matrix_version=None if priority is None else matrix.version,
            **details,
        )
    ]


def assess(
    problem: Problem,
    *,
    matrix: Matrix,
    category: str | None = None,
    subcategory: str | None = None,
    impact: int | None = None,
    urgency: int | None = None,
    owner: str | None = None,
    major: bool = False,
) -> Sequence[ProblemEvent]:
    """What was said when it was raised need not be said again."""
    require(problem, "assess")
    category, owner = category or problem.category, owner or problem.owner
    impact, urgency = impact or problem.impact, urgency or problem.urgency
    if category is None or owner is None or impact is None or urgency is None:
        named = {"category": category, "impact": impact, "urgency": urgency, "owner": owner}
        missing = [(name, f"no {name} is stated") for name, value in named.items() if value is None]
        raise Refused("an assessment states category, impact, urgency and owner", missing)
    return [
        e.Assessed(
            category=category,
            subcategory=subcategory or problem.subcategory,
            impact=impact,
            urgency=urgency,
            priority=matrix.priority(impact, urgency),
            matrix_version=matrix.version,
            owner=owner,
            major=major,
        )
    ]


def prioritise(
    problem: Problem,
    *,
    impact: int,
    urgency: int,
    matrix: Matrix,
    override: int | None = None,
    reason: str | None = None,
) -> Sequence[ProblemEvent]:
    require(problem, "prioritise")
    if override is not None and reason is None:
        raise Refused("overriding the matrix needs a reason")
    priority = matrix.priority(impact, urgency)
    if override is not None:
        priority = matrix.known(override)
    decided = (impact, urgency, priority, matrix.version)
    held = (problem.impact, problem.urgency, problem.priority, problem.matrix_version)
    if decided == held and reason is None:
        return []
    return [
        e.Prioritised(
            impact=impact,
            urgency=urgency,
            priority=priority,
            matrix_version=matrix.version,
            overridden=override is not None,
            reason=reason,
        )
    ]


def confirm(problem: Problem) -> Sequence[ProblemEvent]:
    require(problem, "confirm")
    return [e.Confirmed()]


def record_root_cause(
    problem: Problem, *, cause: str, evidence: Sequence[str], at: datetime
) -> Sequence[ProblemEvent]:
    require(problem, "record-root-cause")
    if not evidence:
        raise Refused("a root cause names its evidence")
    return [e.RootCauseRecorded(cause=cause, evidence=tuple(evidence), at=at)]


def plan_fix(
    problem: Problem, *, fix: str, target_date: date, change: str | None = None
) -> Sequence[ProblemEvent]:
    require(problem, "plan-fix")
    if problem.root_cause is None:
        raise Refused("a fix is planned for a known root cause; record the root cause first")
    planned = e.FixPlanned(fix=fix, target_date=target_date)
    if change is None:
        return [planned]
    return [planned, e.ChangeRecorded(reference=change, state=ChangeState.PLANNED)]


def record_change(
    problem: Problem, *, reference: str, state: ChangeState
) -> Sequence[ProblemEvent]:
    require(problem, "record-change")
    if problem.changes.get(reference) is state:
        return []
    return [e.ChangeRecorded(reference=reference, state=state)]


def resolve(problem: Problem, *, summary: str, at: datetime) -> Sequence[ProblemEvent]:
    require(problem, "resolve")
    if unmet := list(_planned_changes(problem)):
        raise Refused("a linked change is still planned", unmet)
    return [e.Resolved(summary=summary, at=at, incidents=problem.incidents)]


def reject_fix(problem: Problem, *, reason: str) -> Sequence[ProblemEvent]:
    require(problem, "reject-fix")
    return [e.FixRejected(reason=reason)]


def close(
    problem: Problem,
    *,
    at: datetime,
    lessons_learned: str | None = None,
    review_outcome: str | None = None,
) -> Sequence[ProblemEvent]:
    require(problem, "close")
    unmet = list(_before_closing(problem, lessons_learned, review_outcome))
    if unmet or lessons_learned is None:
        raise Refused("not everything that closing needs is done", unmet)
    return [e.Closed(lessons_learned=lessons_learned, review_outcome=review_outcome, at=at)]


def accept_risk(
    problem: Problem, *, reason: str, approver: str, review_date: date, today: date
) -> Sequence[ProblemEvent]:
    require(problem, "accept-risk")
    if review_date <= today:
        raise Refused("the risk is reviewed on a day to come")
    return [
        e.RiskAccepted(
            reason=reason,
            approver=approver,
            review_date=review_date,
            remind_after_days=(review_date - today).days,
            incidents=problem.incidents,
        )
    ]


def cancel(problem: Problem, *, reason: str) -> Sequence[ProblemEvent]:
    require(problem, "cancel")
    return [e.Cancelled(reason=reason)]


def reanalyse(problem: Problem, *, reason: str) -> Sequence[ProblemEvent]:
    require(problem, "reanalyse")
    return [e.ReanalysisBegun(reason=reason)]


def _before_closing(
    problem: Problem, lessons_learned: str | None, review_outcome: str | None
) -> Iterable[tuple[str, str]]:
    if problem.root_cause is None and problem.status is not Status.RISK_ACCEPTED:
        yield "root_cause", "record the root cause, or accept the risk"
    yield from _planned_changes(problem)
    for task in problem.open_tasks:
        yield "open_tasks", f"the task {task.title} is not done"
    if lessons_learned is None:
        yield "lessons_learned", "write down what was learned"
    if problem.major and review_outcome is None:
        yield "review_outcome", "a major problem states the outcome of its review"


def _planned_changes(problem: Problem) -> Iterable[tuple[str, str]]:
    for reference in problem.planned_changes:
        yield "planned_changes", f"the change {reference} is still planned"
