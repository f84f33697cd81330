"""What is done along the way of a problem: notes, links, analyses, workarounds, tasks."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.lifecycle import require
from services.problem.problem import Problem, Task
from shared.errors import Refused


class Why(NamedTuple):
    """An answer; `under` is the number of the one it explains, None for the question itself."""

    answer: str
    under: int | None
    evidence: tuple[str, ...]


def assign(problem: Problem, /, **named: str | None) -> Sequence[ProblemEvent]:
    """To the group, the person or both that are named; None clears, what is not named stays."""
    require(problem, "assign")
    held = {"group": problem.group, "person": problem.assigned_to}
    wanted = held | named
    return [] if wanted == held else [e.Assigned(group=wanted["group"], person=wanted["person"])]


def note(problem: Problem, *, text: str) -> Sequence[ProblemEvent]:
    require(problem, "note")
    return [e.Noted(text=text)]


def link_incident(problem: Problem, *, incident: UUID) -> Sequence[ProblemEvent]:
    require(problem, "link-incident")
    return [] if incident in problem.incidents else [e.IncidentLinked(incident=incident)]


def unlink_incident(problem: Problem, *, incident: UUID) -> Sequence[ProblemEvent]:
    require(problem, "unlink-incident")
    return [e.IncidentUnlinked(incident=incident)] if incident in problem.incidents else []


def link_incidents(problem: Problem, *, incidents: Iterable[UUID]) -> Sequence[ProblemEvent]:
    require(problem, "link-incident")
    new = (each for each in incidents if each not in problem.incidents)
    return [e.IncidentLinked(incident=each) for each in new]


def analyse(
    problem: Problem, *, analysis: UUID, question: str | None, whys: Sequence[Why]
) -> Sequence[ProblemEvent]:
    """Begin an analysis with its question, or go on with one that has been begun."""
    require(problem, "analyse")
    if question is not None:
        begun = e.AnalysisBegun(analysis=analysis, question=question)
        return [begun, *_answers(analysis, 0, whys)]
    if analysis not in problem.analyses:
        raise Refused("this problem has no such analysis; begin one with its question")
    return _answers(analysis, problem.analyses[analysis], whys)


def _answers(analysis: UUID, answered: int, whys: Sequence[Why]) -> Sequence[ProblemEvent]:
    for number, why in enumerate(whys, answered + 1):
        if why.under is not None and not 1 <= why.under < number:
            raise Refused(f"answer {number} cannot explain answer {why.under}: it comes first")
    return [
        e.WhyAnswered(
            analysis=analysis,
            number=number,
            answer=why.answer,
            under=why.under,
            evidence=why.evidence,
        )
        for number, why in enumerate(whys, answered + 1)
    ]


def draft_workaround(problem: Problem, *, text: str) -> Sequence[ProblemEvent]:
    require(problem, "draft-workaround")
    return [e.WorkaroundDrafted(text=text)]


def publish_workaround(problem: Problem) -> Sequence[ProblemEvent]:
    """To everybody who works on a linked incident; a later draft is its next revision."""
    require(problem, "publish-workaround")
    if problem.workaround.draft is None:
        raise Refused("there is no drafted workaround to publish; draft one first")
    revision = problem.workaround.revision + 1
    return [e.WorkaroundPublished(revision=revision, incidents=problem.incidents)]


def withdraw_workaround(problem: Problem, *, reason: str) -> Sequence[ProblemEvent]:
    require(problem, "withdraw-workaround")
    if problem.workaround.published is None:
        raise Refused("there is no published workaround to withdraw")
    return [
        e.WorkaroundWithdrawn(
            revision=problem.workaround.revision, reason=reason, incidents=problem.incidents
        )
    ]


def add_task(
    problem: Problem,
    *,
    task: UUID,
    title: str,
    assigned_to: str | None = None,
    due: date | None = None,
) -> Sequence[ProblemEvent]:
    require(problem, "add-task")
    return [e.TaskAdded(task=task, title=title, assigned_to=assigned_to, due=due)]


def complete_task(problem: Problem, *, task: UUID, at: datetime) -> Sequence[ProblemEvent]:
    require(problem, "complete-task")
    known = problem.tasks.get(task)
    if known is None:
        raise Refused("this problem has no such task")
    return [] if known.done_at is not None else [e.TaskCompleted(task=task, at=at)]


def take_over(
    problem: Problem,
    *,
    duplicate: UUID,
    incidents: Sequence[UUID],
    tasks: Sequence[Task],
    workaround: str | None,
    published: bool,
) -> Sequence[ProblemEvent]:
    """Links, open tasks and the workaround of a duplicate; a workaround of its own stays."""
    require(problem, "add-task")
    new = tuple(each for each in incidents if each not in problem.incidents)
    taken: list[ProblemEvent] = [e.DuplicateTakenOver(duplicate=duplicate, incidents=new)]
    taken += [
        e.TaskAdded(task=t.id, title=t.title, assigned_to=t.assigned_to, due=t.due) for t in tasks
    ]
    if workaround is None or problem.workaround.status in ("drafted", "published"):
        return taken
    drafted = e.WorkaroundDrafted(text=workaround)
    if not published:
        return [*taken, drafted]
    linked = problem.incidents + new
    revision = problem.workaround.revision + 1
    return [*taken, drafted, e.WorkaroundPublished(revision=revision, incidents=linked)]
