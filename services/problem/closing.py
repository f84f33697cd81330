"""The end of a problem: the review of a major one, and what must be done before it is closed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.known import KnownErrorNow
from services.problem.lifecycle import planned_changes, require
from services.problem.problem import Problem
from services.problem.rules import Status
from shared.errors import Refused


def review(
    problem: Problem,
    *,
    outcome: str,
    what_happened: str,
    went_well: str,
    went_badly: str,
    prevention: str,
    at: datetime,
    participants: Sequence[str] = (),
) -> Sequence[ProblemEvent]:
    """What the review of a major problem came to; a later one takes its place."""
    require(problem, "review")
    if not problem.major:
        raise Refused("only a major problem is reviewed; say that it is one by prioritising it")
    return [
        e.Reviewed(
            outcome=outcome,
            what_happened=what_happened,
            went_well=went_well,
            went_badly=went_badly,
            prevention=prevention,
            at=at,
            participants=tuple(participants),
        )
    ]


def close(
    problem: Problem,
    *,
    at: datetime,
    known_errors: Sequence[KnownErrorNow] = (),
    lessons_learned: str | None = None,
    review_outcome: str | None = None,
) -> Sequence[ProblemEvent]:
    require(problem, "close")
    unmet = [
        *_before_closing(problem, known_errors),
        *_unsaid(problem, lessons_learned, review_outcome),
    ]
    if unmet or lessons_learned is None:
        raise Refused("not everything that closing needs is done", unmet)
    return [e.Closed(lessons_learned=lessons_learned, review_outcome=review_outcome, at=at)]


def _before_closing(
    problem: Problem, known_errors: Iterable[KnownErrorNow]
) -> Iterable[tuple[str, str]]:
    if problem.root_cause is None and problem.status is not Status.RISK_ACCEPTED:
        yield "root_cause", "record the root cause, or accept the risk"
    yield from planned_changes(problem)
    for known in known_errors:
        if known.stands:
            yield "known_errors", _standing(known)
    for task in problem.open_tasks:
        yield "open_tasks", f"the task {task.title} is not done"


def _unsaid(
    problem: Problem, lessons_learned: str | None, review_outcome: str | None
) -> Iterable[tuple[str, str]]:
    if lessons_learned is None:
        yield "lessons_learned", "write down what was learned"
    if problem.major and review_outcome is None and problem.review is None:
        yield "review_outcome", "a major problem states the outcome of its review"


def _standing(known: KnownErrorNow) -> str:
    if known.status == "draft":
        return f"the known error KE-{known.number} is a draft; retire it, or publish and mark it"
    return f"the known error KE-{known.number} is published; retire it, or mark it as fixed"
