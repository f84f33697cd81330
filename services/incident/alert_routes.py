"""Where monitors tell of their alerts, and where people see them."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from fastapi import Depends, Path, Query, Request, Response

from services.incident.alert_course import Notification, Taken
from services.incident.alert_intake import AlertIntake
from services.incident.alertmanager import Webhook
from services.incident.facts import Alert, AlertsAttached, facts_stream
from services.incident.incidents import require_visible
from services.incident.routes import ByReader, Reference, incidents_of
from shared.auth.api_keys import PREFIX
from shared.auth.roles import Role
from shared.errors import Forbidden, Unauthenticated
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers
from shared.http.past import PastQuery, paged, past_page
from shared.http.waiting import has_seen
from shared.store.reader import Recorded

_BY_HEADER = "POST /v1/alerts/alertmanager"

Secret = Annotated[str, Path(max_length=200, description="The text of an API key")]


class AlertPage(msgspec.Struct):
    """A page of what monitors told of an incident's alerts, oldest first."""

    items: list[Alert]
    next_cursor: str | None
    total_estimate: int
    position: int


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

router = routes("alerts", "/v1/alerts", large_bodies=True)
incident_router = routes("incidents", "/v1/incidents")


@router.post("/alertmanager", **answers(Taken))
async def alertmanager(body: Webhook, asked: ByMonitor) -> Response:
    """Alertmanager's webhook, version 4: one incident per receiver and group key.

    What was told before, by a repetition or by a peer, counts as a duplicate and changes nothing.
    New alerts of a group attach to its incident; when all have ended it is mitigated, and resolved
    where nobody has acknowledged it. The policy `alert-rules` decides what an incident becomes.
    """
    return await _take(body, asked)


@router.post("/by-key/{secret}/alertmanager", **answers(Taken))
async def alertmanager_by_key(body: Webhook, asked: BySecret) -> Response:
    """The same for a sender that cannot set a header: an API key is part of the address."""
    return await _take(body, asked)


async def _take(body: Webhook, asked: Asked) -> Response:
    intake: AlertIntake = asked.service.parts["alerts"]
    alerts = [alert.alert() for alert in body.alerts]
    told = Notification("alertmanager", body.receiver, body.group_key, alerts, body.more)
    order = await asked.order(told.stream)
    if order.key is not None:  # whichever way it came; and no secret may be stored
        scope = f"{asked.caller.id} {_BY_HEADER}"
        order = msgspec.structs.replace(order, key=order.key._replace(scope=scope))
    taken = await intake.take(told, order)
    headers = {"tocsin-position": str(taken.position)}
    return Response(msgspec.json.encode(taken), 200, headers, "application/json")


@incident_router.get("/{id}/alerts", **answers(AlertPage))
async def alerts(id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader) -> Response:
    """What monitors told of its alerts, oldest first; a page holds whole notifications."""
    await has_seen(asked.service, query.wait_for)
    incidents = incidents_of(asked)
    stream = await incidents.find(id)
    require_visible(await incidents.current(stream), asked.caller)
    page = await past_page(asked, query, (facts_stream(stream),))
    return paged(AlertPage, list(_alerts(page.events)), page)


def _alerts(events: Iterable[Recorded]) -> Iterable[Alert]:
    for recorded in events:
        if isinstance(event := recorded.event, AlertsAttached):
            yield from event.alerts
