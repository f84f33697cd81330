"""What all senders share: who may tell, by a header or in the address, and what is answered."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import Depends, Request, Response

from services.incident.access import incidents_of, on_record
from services.incident.alerts.decision import Taken
from services.incident.alerts.intake import AlertIntake, Step, of_part
from services.incident.alerts.notification import Notification
from services.incident.alerts.originals import Secret, sender
from services.incident.visibility import is_visible
from shared.auth.roles import Role
from shared.http.asked import Asked, allowed, for_roles
from shared.ledger import Order


async def _by_secret(secret: Secret, request: Request) -> Asked:
    """Of a caller whose API key is part of the address; tokens are not taken there."""
    return Asked(request, await sender(request))


ByMonitor = Annotated[Asked, Depends(allowed(Role.SERVICE))]
BySecret = Annotated[Asked, Depends(for_roles(_by_secret, Role.SERVICE))]


async def take(asked: Asked, told: Notification) -> Taken:
    """Take one notification in; raises KeyReused, Unavailable."""
    order = await _order(asked, told)
    taken = await intake_of(asked).take(told._replace(integration=asked.caller.name), order)
    return await _kept(asked, taken)


async def take_all(asked: Asked, told: Sequence[Notification]) -> Taken:
    """Take several in, of different groups: each is stored by itself, and once however often."""
    if len(told) == 1:
        return await take(asked, told[0])
    orders = [of_part(await _order(asked, each), each) for each in told]
    named = [each._replace(integration=asked.caller.name) for each in told]
    return await intake_of(asked).take_all(named, orders)


async def command(asked: Asked, told: Notification, *steps: Step) -> Taken:
    """Carry commands to the incident of what is told; raises KeyReused, Unavailable."""
    order = await _order(asked, told)
    return await _kept(asked, await intake_of(asked).command(told.stream, order, *steps))


def intake_of(asked: Asked) -> AlertIntake:
    """Where alerts are taken in."""
    found: AlertIntake = asked.service.parts["alerts"]
    return found


async def _kept(asked: Asked, taken: Taken) -> Taken:
    """Without the incident, where it is restricted: alerts go on reaching it, unseen."""
    if taken.incident is None:
        return taken
    held = await incidents_of(asked).current(taken.incident)
    if is_visible(held.state, asked.caller):
        await on_record(asked, held)
        return taken
    return msgspec.structs.replace(taken, incident=None, number=None, status=None)


async def _order(asked: Asked, told: Notification) -> Order:
    """With a scope for its idempotency key that is the same whichever way it came."""
    order = await asked.order(told.stream)
    if order.key is None:
        return order
    scope = f"{asked.caller.id} POST /v1/alerts/{told.source}"
    return msgspec.structs.replace(order, key=order.key._replace(scope=scope))


def answer(taken: Taken) -> Response:
    """What became of it, as our own answers are."""
    headers = {"tocsin-position": str(taken.position)}
    return Response(msgspec.json.encode(taken), 200, headers, "application/json")
