"""What is done along the way of a problem: notes, links, assignment, tasks."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.lifecycle import require
from services.problem.problem import Problem
from shared.errors import Refused


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
