"""What is done along the way, over HTTP: assignment, notes, links, workarounds, tasks, reviews."""

from collections.abc import Callable, Sequence

from fastapi import Response

from services.problem import bodies, closing, investigation, workarounds
from services.problem.access import known_incident, repeated
from services.problem.answering import (
    ByManager,
    ByRaiser,
    Nothing,
    Reference,
    answer,
    command,
)
from services.problem.events import ProblemEvent
from services.problem.view import ProblemView
from shared.clock import new_id
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers

router = routes("problems", "/v1/problems")


@router.post("/{id}/assign", **answers(ProblemView))
async def assign(id: Reference, body: bodies.Assignment, asked: ByManager) -> Response:
    """Hand it to a group, a person or both, or to another owner; what is left out stays."""
    return await command(asked, id, investigation.assign, **body.model_dump(exclude_unset=True))


@router.post("/{id}/note", **answers(ProblemView))
async def note(id: Reference, body: bodies.Note, asked: ByRaiser) -> Response:
    """Add a note to its timeline."""
    return await command(asked, id, investigation.note, text=body.text)


@router.post("/{id}/link-incident", **answers(ProblemView))
async def link_incident(id: Reference, body: bodies.IncidentLink, asked: ByManager) -> Response:
    """Link an incident that it is behind of."""
    return await _about(body.incident, asked, id, investigation.link_incident)


@router.post("/{id}/unlink-incident", **answers(ProblemView))
async def unlink_incident(id: Reference, body: bodies.IncidentLink, asked: ByManager) -> Response:
    """Take a link away that was wrong."""
    return await _about(body.incident, asked, id, investigation.unlink_incident)


@router.post("/{id}/draft-workaround", **answers(ProblemView))
async def draft_workaround(id: Reference, body: bodies.Workaround, asked: ByManager) -> Response:
    """Write down what helps meanwhile; nobody is told before it is published."""
    return await command(asked, id, workarounds.draft_workaround, text=body.text)


@router.post("/{id}/publish-workaround", **answers(ProblemView))
async def publish_workaround(id: Reference, asked: ByManager, body: Nothing = None) -> Response:
    """Publish the draft to everybody who works on a linked incident."""
    return await command(asked, id, workarounds.publish_workaround)


@router.post("/{id}/withdraw-workaround", **answers(ProblemView))
async def withdraw_workaround(id: Reference, body: bodies.Reason, asked: ByManager) -> Response:
    """Withdraw the published workaround: it does not help, or does harm."""
    return await command(asked, id, workarounds.withdraw_workaround, reason=body.reason)


@router.post("/{id}/add-task", **answers(ProblemView))
async def add_task(id: Reference, body: bodies.NewTask, asked: ByRaiser) -> Response:
    """Add what has to be done before it can be closed.

    A due date that is past everywhere on earth is refused: it is a slip.
    """
    told = body.arguments() | {"task": new_id(), "at": asked.now}
    return await command(asked, id, investigation.add_task, **told)


@router.post("/{id}/complete-task", **answers(ProblemView))
async def complete_task(id: Reference, body: bodies.CompletedTask, asked: ByRaiser) -> Response:
    """Record that a task is done."""
    at = asked.stated(body.at)
    return await command(asked, id, investigation.complete_task, task=body.task, at=at)


@router.post("/{id}/review", **answers(ProblemView))
async def review(id: Reference, body: bodies.Review, asked: ByManager) -> Response:
    """Review a major problem: without it, or its outcome, it is not closed."""
    said = body.arguments() | {"at": asked.stated(body.at)}
    return await command(asked, id, closing.review, **said)


async def _about(
    incident: str, asked: Asked, reference: str, act: Callable[..., Sequence[ProblemEvent]]
) -> Response:
    """Carry out a command that names an incident."""
    if (before := await repeated(asked, reference)) is not None:
        return await answer(asked, before)
    known = await known_incident(asked, incident)
    return await command(asked, reference, act, incident=known.id)
