"""What is done along the way of a problem: notes, links, assignment, tasks."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.lifecycle import refusal, require
from services.problem.problem import Problem
from services.problem.rules import Status
from shared.clock import is_over
from shared.errors import Refused

MOST_INCIDENTS = 2_000
MOST_TASKS = 200


def assign(problem: Problem, /, **named: str | None) -> Sequence[ProblemEvent]:
    """To the group, the person or both that are named; None clears, what is not named stays.

    The owner as well; once a problem is assessed, it has one.
    """
    require(problem, "assign")
    events: list[ProblemEvent] = []
    held = {"group": problem.group, "person": problem.assigned_to}
    wanted = held | {name: value for name, value in named.items() if name in held}
    if wanted != held:
        events.append(e.Assigned(group=wanted["group"], person=wanted["person"]))
    owner = named.get("owner", problem.owner)
    if owner is None and problem.owner is not None and problem.status is not Status.NEW:
        raise Refused("an assessed problem has an owner; name another one")
    return events if owner == problem.owner else [*events, e.OwnerNamed(owner=owner)]


def note(problem: Problem, *, text: str) -> Sequence[ProblemEvent]:
    require(problem, "note")
    return [e.Noted(text=text)]


def can_be_linked(problem: Problem) -> bool:
    """Whether one more incident may be linked to it."""
    is_full = len(problem.incidents) >= MOST_INCIDENTS
    return not is_full and refusal(problem, "link-incident") is None


def link_incident(problem: Problem, *, incident: UUID) -> Sequence[ProblemEvent]:
    return link_incidents(problem, incidents=[incident])


def unlink_incident(problem: Problem, *, incident: UUID) -> Sequence[ProblemEvent]:
    require(problem, "unlink-incident")
    return [e.IncidentUnlinked(incident=incident)] if incident in problem.incidents else []


def link_incidents(problem: Problem, *, incidents: Iterable[UUID]) -> Sequence[ProblemEvent]:
    require(problem, "link-incident")
    new = [each for each in dict.fromkeys(incidents) if each not in problem.incidents]
    if new and len(problem.incidents) + len(new) > MOST_INCIDENTS:
        raise Refused(f"a problem has {MOST_INCIDENTS:,} linked incidents at most")
    return [e.IncidentLinked(incident=each) for each in new]


def add_task(
    problem: Problem,
    *,
    task: UUID,
    title: str,
    at: datetime,
    assigned_to: str | None = None,
    due: date | None = None,
) -> Sequence[ProblemEvent]:
    require(problem, "add-task")
    if len(problem.tasks) >= MOST_TASKS:
        raise Refused(f"a problem has {MOST_TASKS} tasks at most")
    if due is not None and is_over(due, at):
        raise Refused(f"the due date {due} is past; name a day on which it can still be done")
    return [e.TaskAdded(task=task, title=title, assigned_to=assigned_to, due=due)]


def complete_task(problem: Problem, *, task: UUID, at: datetime) -> Sequence[ProblemEvent]:
    require(problem, "complete-task")
    known = problem.tasks.get(task)
    if known is None:
        raise Refused("this problem has no such task")
    return [] if known.done_at is not None else [e.TaskCompleted(task=task, at=at)]
