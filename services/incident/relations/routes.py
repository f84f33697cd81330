"""The commands over HTTP that tie an incident to others, and to things elsewhere."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Concatenate, ParamSpec

from fastapi import Body, Response

from services.incident.access import incidents_of, ordered, repeated, seen
from services.incident.discretion import discreetly
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.problem_feed.checks import known_error, known_problem
from services.incident.relations import bodies, joint, links
from services.incident.relations.events import LinkKind
from services.incident.routes import ByAgent, ByIncidentManager, Reference, answer, command
from services.incident.view import IncidentView
from shared.aggregate import Folded
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.ledger import Order

P = ParamSpec("P")

Separation = Annotated[bodies.Unmerge | None, Body()]

router = routes("incidents", "/v1/incidents")


@router.post("/{id}/add-child", **answers(IncidentView))
async def add_child(id: Reference, body: bodies.Child, asked: ByAgent) -> Response:
    """Put another incident below this one; resolving this one resolves it too."""
    return await _with_other(asked, id, joint.add_child, body.child)


@router.post("/{id}/remove-child", **answers(IncidentView))
async def remove_child(id: Reference, body: bodies.Child, asked: ByAgent) -> Response:
    """Let a child stand alone again."""
    return await _with_other(asked, id, joint.remove_child, body.child)


@router.post("/{id}/merge", **answers(IncidentView))
async def merge(id: Reference, body: bodies.Merge, asked: ByIncidentManager) -> Response:
    """Let it go on in another incident, which speaks for it from now on; nothing is lost.

    Its alerts, children, links and timeline show there until it is unmerged.
    """
    told = {"at": asked.now, "reason": body.reason}
    return await _with_other(asked, id, joint.merge, body.into, **told)


@router.post("/{id}/unmerge", **answers(IncidentView))
async def unmerge(id: Reference, asked: ByIncidentManager, body: Separation = None) -> Response:
    """Let it stand on its own again, in the status it had; what happened meanwhile stays."""
    reason = body.reason if body else None
    return await _together(asked, id, joint.unmerge, at=asked.now, reason=reason)


@router.post("/{id}/link", **answers(IncidentView))
async def link(id: Reference, body: bodies.Link, asked: ByAgent) -> Response:
    """Link an affected service or item, a problem, a known error, a change, an alert or a ticket,
    or refer to a document."""
    if body.attachment is not None:
        return await command(asked, id, links.attach, **body.attachment.arguments())
    if (before := await repeated(asked, id)) is not None:
        return await answer(asked, before)
    told: dict[str, Any] = body.arguments()
    del told["attachment"]
    return await command(asked, id, links.link, **told | await _checked(asked, body))


@router.post("/{id}/unlink", **answers(IncidentView))
async def unlink(id: Reference, body: bodies.Unlink, asked: ByAgent) -> Response:
    """Take a link or an attachment away that was wrong; the timeline keeps it."""
    if body.kind is None or body.reference is None:
        return await command(asked, id, links.detach, sha256=body.attachment or "")
    if (before := await repeated(asked, id)) is not None:
        return await answer(asked, before)
    reference = (await _checked(asked, body)).get("reference", body.reference)
    return await command(asked, id, links.unlink, kind=body.kind, reference=reference)


async def _checked(asked: Asked, body: bodies.Link | bodies.Unlink) -> dict[str, Any]:
    """A problem's or a known error's id and number, whichever of them it is named by.

    Raises Refused.
    """
    pool, caller, reference = asked.service.store.pool, asked.caller, body.reference or ""
    if body.kind is LinkKind.PROBLEM:
        problem = await known_problem(pool, reference, caller)
        return {"id": problem.id, "reference": problem.number}
    if body.kind is LinkKind.KNOWN_ERROR:
        ended = isinstance(body, bodies.Unlink)
        known = await known_error(pool, reference, caller, whatever=ended)
        return {"id": known.id, "reference": known.number}
    return {}


async def _with_other(
    asked: Asked, reference: str, act: Callable[..., Any], other: str, **told: Any
) -> Response:
    """Act on two incidents, of which the body names the second."""
    if (before := await repeated(asked, reference)) is not None:
        return await answer(asked, before)
    return await _together(asked, reference, act, (await seen(asked, other)).stream, **told)


async def _together(
    asked: Asked,
    reference: str,
    act: Callable[Concatenate[Incidents, Order, P], Awaitable[Folded[Incident]]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    order = await ordered(asked, reference)
    async with discreetly(asked):
        done = await act(incidents_of(asked), order, *args, **kwargs)
    return await answer(asked, done)
