"""Major incidents over HTTP."""

from datetime import datetime
from typing import Annotated, TypedDict

from fastapi import Body, Depends, Response

from services.incident.access import incidents_of, seen
from services.incident.major import bodies, deciding, responders, roles, turning, updates
from services.incident.major.communications import Communications, communications
from services.incident.routes import ByReader, Reference, WaitFor, command
from services.incident.rules import RULES
from services.incident.view import IncidentView
from shared.auth.roles import Role
from shared.clock import new_id
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.content import JsonBytes
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of, time_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen

ByProposer = Annotated[Asked, Depends(allowed(*RULES["propose-major"].roles))]
ByMajorManager = Annotated[Asked, Depends(allowed(*RULES["accept-major"].roles))]
ByRequester = Annotated[Asked, Depends(allowed(*RULES["request-responder"].roles))]
ByPartaker = Annotated[Asked, Depends(allowed(*RULES["decide"].roles))]


class Giver(TypedDict):
    """Who gives a command, and when."""

    by: str
    roles: frozenset[Role]
    at: datetime


router = routes("incidents", "/v1/incidents")


@router.post("/{id}/propose-major", **answers(IncidentView))
async def propose_major(id: Reference, body: bodies.Reason, asked: ByProposer) -> Response:
    """Propose it as a major incident; the major incident manager decides."""
    return await command(asked, id, turning.propose_major, reason=body.reason, at=asked.now)


@router.post("/{id}/accept-major", **answers(IncidentView))
async def accept_major(
    id: Reference,
    asked: ByMajorManager,
    body: Annotated[bodies.Acceptance | None, Body()] = None,
) -> Response:
    """Make it a major incident, proposed or not: its communication plan begins now."""
    reason = body.reason if body else None
    return await command(asked, id, turning.accept_major, reason=reason, at=asked.now)


@router.post("/{id}/reject-major", **answers(IncidentView))
async def reject_major(id: Reference, body: bodies.Reason, asked: ByMajorManager) -> Response:
    """Turn the proposal down; no rule proposes it again until it is worse."""
    return await command(asked, id, turning.reject_major, reason=body.reason, at=asked.now)


@router.post("/{id}/demote-major", **answers(IncidentView))
async def demote_major(id: Reference, body: bodies.Reason, asked: ByMajorManager) -> Response:
    """Let it go on as an incident like others; not once it is resolved."""
    return await command(asked, id, turning.demote_major, reason=body.reason, at=asked.now)


@router.post("/{id}/assign-role", **answers(IncidentView))
async def assign_role(id: Reference, body: bodies.RoleAssignment, asked: ByPartaker) -> Response:
    """Give a role to a person, or to nobody: by its commander or the major incident manager."""
    return await command(asked, id, roles.assign_role, **_by(asked), **body.arguments())


@router.post("/{id}/accept-role", **answers(IncidentView))
async def accept_role(
    id: Reference,
    asked: ByPartaker,
    body: Annotated[bodies.RoleAcceptance | None, Body()] = None,
) -> Response:
    """Accept the role that was assigned to you."""
    role, by = body.role if body else None, asked.caller.id
    return await command(asked, id, roles.accept_role, role=role, by=by, at=asked.now)


@router.post("/{id}/hand-over", **answers(IncidentView))
async def hand_over(id: Reference, body: bodies.HandOver, asked: ByPartaker) -> Response:
    """Hand a role over to another person: by who has it, the commander or the manager."""
    return await command(asked, id, roles.hand_over, **_by(asked), **body.arguments())


@router.post("/{id}/request-responder", **answers(IncidentView))
async def request_responder(
    id: Reference, body: bodies.ResponderRequest, asked: ByRequester
) -> Response:
    """Ask somebody to come: they are paged, and the next one after them if they do not answer.

    Who is left in the end is its commander; where nobody is, who asks is told that nobody comes,
    and after them the group that has the incident. Its id is in `major_incident.requests`.
    """
    return await command(
        asked,
        id,
        responders.request_responder,
        request=new_id(),
        asked=[body.asked(), *(each.asked() for each in body.then)],
        message=body.message,
        within_minutes=body.within_minutes,
        by=asked.caller.id,
        at=asked.now,
    )


@router.post("/{id}/answer-request", **answers(IncidentView))
async def answer_request(id: Reference, body: bodies.RequestAnswer, asked: ByPartaker) -> Response:
    """Say whether you come; after a no the next one is asked at once."""
    return await command(asked, id, responders.answer_request, **_by(asked), **body.arguments())


@router.post("/{id}/post-update", **answers(IncidentView))
async def post_update(id: Reference, body: bodies.StatusUpdate, asked: ByPartaker) -> Response:
    """Tell the audiences how things stand; the final update, once it is resolved, is the last."""
    told = body.arguments()
    return await command(asked, id, updates.post_update, update=new_id(), **_by(asked), **told)


@router.post("/{id}/snooze-update", **answers(IncidentView))
async def snooze_update(id: Reference, body: bodies.Snooze, asked: ByPartaker) -> Response:
    """Put an audience's next update off: its time begins anew, once between two updates."""
    return await command(asked, id, updates.snooze_update, **_by(asked), **body.arguments())


@router.post("/{id}/decide", **answers(IncidentView))
async def decide(id: Reference, body: bodies.Decision, asked: ByPartaker) -> Response:
    """Record what was decided or done: who, what, and on what basis."""
    return await command(asked, id, deciding.decide, **_by(asked), **body.arguments())


@router.get("/{id}/communications", **answers(Communications))
async def read_communications(
    id: Reference,
    asked: ByReader,
    as_of: AsOf = None,
    effective_at: EffectiveAt = None,
    wait_for: WaitFor = None,
) -> Response:
    """What each audience is owed, now or at a moment, and the updates that were posted by then."""
    await has_seen(asked.service, wait_for)
    found = await seen(asked, id)
    at, store = asked.now, asked.service.store
    if as_of is not None or effective_at is not None:
        moment, position = moment_of(effective_at), await position_of(as_of, store.log)
        found = await incidents_of(asked).past(found.stream, position=position, effective_at=moment)
        at = moment or await time_of(as_of, store.log) or at
    content = await communications(store, found, at)
    return JsonBytes(content, headers=[(b"etag", b'"%d"' % found.version)])


def _by(asked: Asked) -> Giver:
    return {"by": asked.caller.id, "roles": asked.caller.roles, "at": asked.now}
