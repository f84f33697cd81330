"""What all senders share: who may tell, by a header or in the address, and what is answered."""

from typing import Annotated

import msgspec
from fastapi import Depends, Path, Request, Response

from services.incident.alerts.decision import Taken
from services.incident.alerts.intake import AlertIntake
from services.incident.alerts.notification import Notification
from shared.auth.api_keys import PREFIX
from shared.auth.roles import Role
from shared.errors import Forbidden, Unauthenticated
from shared.http.asked import Asked, allowed

Secret = Annotated[str, Path(max_length=200, description="The text of an API key")]


async def _by_secret(secret: Secret, request: Request) -> Asked:
    """Of a caller whose API key is part of the address; tokens are not taken there."""
    if not secret.startswith(PREFIX):
        raise Unauthenticated("the address does not hold an API key")
    caller = await request.app.state.service.authenticator.authenticate(f"Bearer {secret}")
    request.state.caller = caller.id
    if not caller.has(Role.SERVICE):
        raise Forbidden("this needs the role service")
    return Asked(request, caller)


_by_secret.roles = frozenset({Role.SERVICE})  # type: ignore[attr-defined]  # for the document

ByMonitor = Annotated[Asked, Depends(allowed(Role.SERVICE))]
BySecret = Annotated[Asked, Depends(_by_secret)]


async def take(asked: Asked, told: Notification) -> Taken:
    """Take one notification in; raises KeyReused, Unavailable."""
    intake: AlertIntake = asked.service.parts["alerts"]
    order = await asked.order(told.stream)
    if order.key is not None:  # whichever way it came; and no secret may be stored
        scope = f"{asked.caller.id} POST /v1/alerts/{told.source}"
        order = msgspec.structs.replace(order, key=order.key._replace(scope=scope))
    return await intake.take(told, order)


def answer(taken: Taken) -> Response:
    """What became of it, as our own answers are."""
    headers = {"tocsin-position": str(taken.position)}
    return Response(msgspec.json.encode(taken), 200, headers, "application/json")
