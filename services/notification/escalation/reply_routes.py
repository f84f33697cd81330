"""Replies to pages, as gateways for text messages, voice and chat hand them in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Response
from pydantic import Field

from services.notification.access import notifications_of, person_of
from services.notification.escalation import acknowledging
from services.notification.escalation.lists import RUNNING
from services.notification.escalation.running import Running
from shared.auth.roles import Role
from shared.errors import Refused
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body
from shared.http.openapi import answers

_YES = frozenset("ack acknowledge acknowledged ok okay yes y 1".split())

ByGateway = Annotated[Asked, Depends(allowed(Role.SERVICE))]

router = routes("notifications", "/v1/notification/replies")


class Reply(Body):
    """What somebody answered. `in_reply_to` is the id that the page came with: `webhook-id`."""

    in_reply_to: UUID
    text: Annotated[str, Field(min_length=1, max_length=2_000, examples=["ack"])]


class Replied(msgspec.Struct, kw_only=True):
    """Whose page it was, and who has acknowledged it."""

    in_reply_to: UUID
    person: str
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    position: int


@router.post("", **answers(Replied))
async def take_reply(body: Reply, asked: ByGateway) -> Response:
    """A reply that begins with ack, ok, yes or 1 acknowledges the page, for whom it went to.

    Anything else is refused, so that the gateway can tell its sender.
    """
    words = body.text.split()
    if not words or words[0].strip(".,!").lower() not in _YES:
        raise Refused("a reply must begin with ack, ok, yes or 1 to acknowledge")
    ledger, running = notifications_of(asked), _running(asked)
    held = await ledger.current(body.in_reply_to)
    by, at, order = person_of(held), asked.now, await asked.order(body.in_reply_to)
    after = await acknowledging.acknowledge(ledger, running, order, by=by, at=at)
    view = Replied(
        in_reply_to=after.stream,
        person=by,
        acknowledged_by=after.state.acknowledged_by,
        acknowledged_at=after.state.acknowledged_at,
        position=after.position,
    )
    headers = {"etag": f'"{after.version}"', "tocsin-position": str(after.position)}
    return Response(msgspec.json.encode(view), headers=headers, media_type="application/json")


def _running(asked: Asked) -> Running:
    found: Running = asked.service.parts[RUNNING]
    return found
