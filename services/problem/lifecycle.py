"""The way of a problem from its logging to its end: each command answers with events, or refuses.

What is done along the way stands in `investigation.py` (assignment, notes, links, tasks),
`workarounds.py` and `analyses/`; how it ends in `closing.py` and `duplicates.py`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from services.problem import events as e
from services.problem.analyses.events import Standing
from services.problem.events import ChangeState, NodeReference, ProblemEvent
from services.problem.matrix import Matrix
from services.problem.problem import Problem
from services.problem.rules import RULES, WHY_NOT, Status
from shared.errors import Refused

MOST_CHANGES = 100


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
    major: bool | None = None,
) -> Sequence[ProblemEvent]:
    require(problem, "prioritise")
    if override is not None and reason is None:
        raise Refused("overriding the matrix needs a reason")
    priority = matrix.priority(impact, urgency)
    if override is not None:
        priority = matrix.known(override)
    decided = (impact, urgency, priority, matrix.version)
    held = (problem.impact, problem.urgency, problem.priority, problem.matrix_version)
    if decided == held and reason is None and major in (None, problem.major):
        return []
    return [
        e.Prioritised(
            impact=impact,
            urgency=urgency,
            priority=priority,
            matrix_version=matrix.version,
            overridden=override is not None,
            reason=reason,
            major=major,
        )
    ]


def confirm(problem: Problem) -> Sequence[ProblemEvent]:
    require(problem, "confirm")
    return [e.Confirmed()]


def record_root_cause(
    problem: Problem,
    *,
    cause: str,
    evidence: Sequence[str],
    at: datetime,
    nodes: Sequence[NodeReference] = (),
) -> Sequence[ProblemEvent]:
    """Its evidence is what is named in words, and nodes of its analyses."""
    require(problem, "record-root-cause")
    if not evidence and not nodes:
        raise Refused("a root cause names its evidence: in words, or an entry of an analysis")
    for each in nodes:
        _require_proof(problem, each)
    return [e.RootCauseRecorded(cause=cause, evidence=tuple(evidence), at=at, nodes=tuple(nodes))]


def _require_proof(problem: Problem, named: NodeReference) -> None:
    analysis = problem.analyses.get(named.analysis)
    if analysis is None:
        raise Refused("this problem has no such analysis to name as evidence")
    if named.node is None:
        return
    node = analysis.node(named.node)
    if node is None:
        raise Refused(f"that analysis has no entry {named.node} to name as evidence")
    if node.standing is Standing.REFUTED:
        raise Refused(f"the hypothesis {named.node} is refuted; it is no evidence")
    if node.occurred is False:
        raise Refused(f"the fault {named.node} has not occurred; it is no evidence")


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
    if reference not in problem.changes and len(problem.changes) >= MOST_CHANGES:
        raise Refused(f"a problem has {MOST_CHANGES} changes at most")
    if problem.changes.get(reference) is state:
        return []
    return [e.ChangeRecorded(reference=reference, state=state)]


def resolve(problem: Problem, *, summary: str, at: datetime) -> Sequence[ProblemEvent]:
    require(problem, "resolve")
    if unmet := list(planned_changes(problem)):
        raise Refused("a linked change is still planned", unmet)
    return [e.Resolved(summary=summary, at=at, incidents=problem.incidents)]


def reject_fix(problem: Problem, *, reason: str) -> Sequence[ProblemEvent]:
    require(problem, "reject-fix")
    return [e.FixRejected(reason=reason)]


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
    return [e.Cancelled(reason=reason, incidents=problem.incidents)]


def reanalyse(problem: Problem, *, reason: str) -> Sequence[ProblemEvent]:
    require(problem, "reanalyse")
    return [e.ReanalysisBegun(reason=reason, incidents=problem.incidents)]


def planned_changes(problem: Problem) -> Iterable[tuple[str, str]]:
    """Each linked change that is still planned, as an unmet condition."""
    then = "record whether it is implemented, has failed or is cancelled"
    if problem.status is Status.RISK_ACCEPTED:
        then = "reanalyse the problem and plan its fix, to record what became of it"
    for reference in problem.planned_changes:
        yield "planned_changes", f"the change {reference} is still planned; {then}"
