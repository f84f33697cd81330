"""A problem that is another's duplicate, and what the other takes over from it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.investigation import MOST_INCIDENTS
from services.problem.lifecycle import refusal, require
from services.problem.parts import Task
from services.problem.problem import Problem
from shared.errors import Refused


class Belongings(NamedTuple):
    """What a duplicate hands over; the texts of its workaround in clear."""

    duplicate: UUID
    number: int
    incidents: Sequence[UUID] = ()
    tasks: Sequence[Task] = ()
    published: str | None = None
    draft: str | None = None


def mark_duplicate(problem: Problem, *, of: UUID) -> Sequence[ProblemEvent]:
    require(problem, "mark-duplicate")
    return [e.MarkedDuplicate(of=of, incidents=problem.incidents)]


def take_over(problem: Problem, *, had: Belongings) -> Sequence[ProblemEvent]:
    """Links, open tasks and the workaround; a workaround of its own stays."""
    if (reason := refusal(problem, "add-task")) is not None:
        raise Refused(f"PRB-{problem.number} takes nothing over: {reason}")
    new = tuple(each for each in had.incidents if each not in problem.incidents)
    if len(problem.incidents) + len(new) > MOST_INCIDENTS:
        raise Refused(f"together they have more than {MOST_INCIDENTS:,} linked incidents")
    return [
        e.DuplicateTakenOver(duplicate=had.duplicate, incidents=new),
        *(_task(each) for each in had.tasks),
        *_workaround(problem, had, linked=problem.incidents + new),
    ]


def _task(task: Task) -> ProblemEvent:
    return e.TaskAdded(task=task.id, title=task.title, assigned_to=task.assigned_to, due=task.due)


def _workaround(
    problem: Problem, had: Belongings, *, linked: tuple[UUID, ...]
) -> Iterator[ProblemEvent]:
    """Published where nothing else is, else the next draft, else a note: no text is lost."""
    texts = [text for text in (had.published, had.draft) if text is not None]
    own = problem.workaround
    if own.published is None and own.draft is None and had.published is not None:
        yield e.WorkaroundDrafted(text=texts.pop(0))
        yield e.WorkaroundPublished(revision=own.revision + 1, incidents=linked)
    if own.draft is None and texts:
        yield e.WorkaroundDrafted(text=texts.pop())
    for text in texts:
        yield e.Noted(text=f"A workaround of PRB-{had.number}: {text}")
