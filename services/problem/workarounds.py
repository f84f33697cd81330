"""What helps meanwhile: drafted, published to the linked incidents, revised, withdrawn."""

from collections.abc import Sequence

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.lifecycle import require
from services.problem.problem import Problem
from shared.errors import Refused


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
