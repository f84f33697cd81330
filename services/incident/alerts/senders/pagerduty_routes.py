"""PagerDuty's Events API v2, answered as PagerDuty does: the key in the body, its own failures."""

from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import msgspec
from fastapi import Depends, Request, Response

from services.incident import lifecycle
from services.incident.access import incidents_of
from services.incident.alerts.decision import Taken
from services.incident.alerts.originals import Secret, Trouble, original_routes, sender
from services.incident.alerts.rules import rules_of
from services.incident.alerts.senders.pagerduty import SOURCE, ChangeEvent, Event
from services.incident.alerts.taking import command, take
from services.incident.changes import change
from services.incident.changes.change import Change, ChangeRecorded
from shared.auth.roles import Role
from shared.clock import new_id
from shared.errors import Unauthenticated
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.ledger import Ledger

LIMIT = 512 * 1024
_NO_KEY = ["Invalid routing key"]


class PagerDutyAnswer(msgspec.Struct, omit_defaults=True):
    """As PagerDuty words it; the key is told where the event was taken."""

    status: str
    message: str
    dedup_key: str | None = None
    errors: list[str] = []


def tell(trouble: Trouble) -> Response:
    """A failure in PagerDuty's form: 400 for all that is wrong with the event or its key."""
    if trouble.status in (401, 403):
        return _answer(400, "invalid event", "Event object is invalid", errors=_NO_KEY)
    if trouble.status == 429:
        return _answer(429, "throttle exceeded", "Requests are arriving too quickly; retry later")
    if trouble.status >= 500:
        return _answer(trouble.status, "server error", "The event was not stored; retry later")
    status = 413 if trouble.status == 413 else 400
    wrong = [_sentence(field, detail) for field, detail in trouble.named()]
    return _answer(status, "invalid event", "Event object is invalid", errors=wrong)


def _sentence(field: str, detail: str) -> str:
    known = field.removeprefix("trigger.").removeprefix("acknowledge.").removeprefix("resolve.")
    detail = "is missing or blank" if detail == "Field required" else detail
    return f"'{known}' {detail}" if known else detail


def _answer(status: int, name: str, message: str, **more: Any) -> Response:
    body = msgspec.json.encode(PagerDutyAnswer(name, message, **more))
    return Response(body, status, media_type="application/json")


async def _by_routing_key(request: Request) -> Asked:
    """Of the caller whose API key is the event's routing key."""
    body = await request.json()
    key = body.get("routing_key") if isinstance(body, dict) else None
    if not isinstance(key, str):
        raise Unauthenticated
    return Asked(request, await sender(request, key))


async def _by_address(secret: Secret, request: Request) -> Asked:
    """Of the caller whose API key is part of the address; the body may leave it out."""
    return Asked(request, await sender(request))


_ways: tuple[Any, ...] = (_by_routing_key, _by_address)
for _way in _ways:
    _way.roles = frozenset({Role.SERVICE})  # for the document

ByRoutingKey = Annotated[Asked, Depends(_by_routing_key)]
ByAddress = Annotated[Asked, Depends(_by_address)]

router = original_routes("alerts", limit=LIMIT, tell=tell)


@router.post(
    "/v2/enqueue",
    **answers(PagerDutyAnswer, 202, "Taken", failing=PagerDutyAnswer, key_in_body=True),
)
async def pagerduty_event(body: Event, asked: ByRoutingKey) -> Response:
    """PagerDuty's Events API v2: trigger, acknowledge and resolve one alert by its key.

    The routing key is the text of an API key; a short one has the form that PagerDuty's clients
    expect. A key of an open alert tells a repeat; without one it is made and answered.
    """
    return await _taken(body, asked)


@router.post(
    "/v1/alerts/by-key/{secret}/v2/enqueue",
    **answers(PagerDutyAnswer, 202, "Taken", failing=PagerDutyAnswer),
)
async def pagerduty_event_by_key(body: Event, asked: ByAddress) -> Response:
    """The same for a sender that cannot choose its routing key: an API key is in the address."""
    return await _taken(body, asked)


@router.post(
    "/v2/change/enqueue",
    **answers(PagerDutyAnswer, 202, "Taken", failing=PagerDutyAnswer, key_in_body=True),
)
async def pagerduty_change(body: ChangeEvent, asked: ByRoutingKey) -> Response:
    """PagerDuty's change events: kept for those who look for a cause, listed at `/v1/changes`."""
    return await _recorded(body, asked)


@router.post(
    "/v1/alerts/by-key/{secret}/v2/change/enqueue",
    **answers(PagerDutyAnswer, 202, "Taken", failing=PagerDutyAnswer),
)
async def pagerduty_change_by_key(body: ChangeEvent, asked: ByAddress) -> Response:
    """The same for a sender that cannot choose its routing key."""
    return await _recorded(body, asked)


async def _recorded(body: ChangeEvent, asked: Asked) -> Response:
    changes: Ledger[Change, ChangeRecorded] = asked.service.parts["changes"]
    mapping = await incidents_of(asked).policies.named("alert-rules")
    rules = rules_of(mapping.state.document)
    labels = {"integration": asked.caller.name} | body.labels
    service = rules.service_of(rules.choose(labels).rule, labels)
    told = body.recorded(asked.now, asked.caller.name, service)
    order = await asked.order(new_id(), creates=True)
    done = await changes.execute(order, change.record, told=told)
    answer = _answer(202, "success", "Change event processed")
    answer.headers["tocsin-position"] = str(done.position)
    return answer


async def _taken(body: Event, asked: Asked) -> Response:
    key = body.dedup_key or await _made(asked)
    told = body.notification(asked.caller.id, key)
    if body.event_action == "acknowledge":
        taken = await command(asked, told, _acknowledge(asked))
    else:
        taken = await take(asked, told)
    return _processed(key, taken)


def _acknowledge(asked: Asked) -> Any:
    at = asked.now
    return lambda incident: lifecycle.acknowledge(incident, at=at)


async def _made(asked: Asked) -> str:
    """A key for a sender that names none; a repeated request has the same."""
    order = await asked.order(uuid4())
    repeatable = order.key and uuid5(NAMESPACE_URL, f"{SOURCE}:{order.key.scope}:{order.key.value}")
    return (repeatable or order.stream).hex


def _processed(key: str, taken: Taken) -> Response:
    answer = _answer(202, "success", "Event processed", dedup_key=key)
    answer.headers["tocsin-position"] = str(taken.position)
    return answer
