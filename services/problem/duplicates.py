"""A problem that is another's duplicate, and what the other takes over from it."""

from collections.abc import Sequence
from uuid import UUID

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.lifecycle import require
from services.problem.problem import Problem, Task


def mark_duplicate(problem: Problem, *, of: UUID) -> Sequence[ProblemEvent]:
    require(problem, "mark-duplicate")
    return [e.MarkedDuplicate(of=of)]


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
