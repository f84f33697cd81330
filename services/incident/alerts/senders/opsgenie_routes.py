"""Opsgenie's Alert API, answered as Opsgenie does: requests are taken, and can be asked about."""

import time
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from uuid import NAMESPACE_URL, uuid4, uuid5

import msgspec
from fastapi import Body, Depends, Path, Request, Response

from services.incident import lifecycle, triage
from services.incident.alerts.decision import Taken
from services.incident.alerts.intake import Step
from services.incident.alerts.originals import original_routes, sender
from services.incident.alerts.senders import opsgenie_answers as told
from services.incident.alerts.senders.opsgenie import (
    SOURCE,
    OpsgenieAction,
    OpsgenieAlert,
    OpsgenieNote,
    ended,
)
from services.incident.alerts.senders.opsgenie_alert import OpsgenieAlertFound, alert_of
from services.incident.alerts.senders.opsgenie_answers import OpsgenieFailure, OpsgenieTaken
from services.incident.alerts.senders.opsgenie_found import (
    Found,
    Identifier,
    IdentifierType,
    found,
)
from services.incident.alerts.senders.opsgenie_requests import Action, Outcome
from services.incident.alerts.senders.opsgenie_requests import Request as Asking
from services.incident.alerts.senders.opsgenie_view import OpsgenieRequest, status_of
from services.incident.alerts.taking import command, intake_of, take
from shared.auth.roles import Role
from shared.errors import NotFound
from shared.http.asked import Asked, allowed, for_roles
from shared.http.hidden import secret_of
from shared.http.openapi import answers

LIMIT = 1024 * 1024
_SCHEME = "geniekey "
_BY_KEY = "/v1/alerts/by-key/{secret}"
_SECRET = {
    "name": "secret",
    "in": "path",
    "required": True,
    "description": "The text of an API key",
    "schema": {"type": "string", "maxLength": 200},
}


async def _by_genie_key(request: Request) -> Asked:
    """Of the caller of a GenieKey header (or of our own), or of the key in the address."""
    authorization = request.headers.get("authorization", "")
    if key := secret_of(request):
        return Asked(request, await sender(request, key))
    if authorization[: len(_SCHEME)].lower() == _SCHEME:
        return Asked(request, await sender(request, authorization[len(_SCHEME) :].strip()))
    return await _by_bearer(request)


_by_bearer = allowed(Role.SERVICE)

ByGenieKey = Annotated[Asked, Depends(for_roles(_by_genie_key, Role.SERVICE))]
Maybe = Annotated[OpsgenieAction | None, Body()]
E = TypeVar("E", bound=Callable[..., Any])

router = original_routes("alerts", limit=LIMIT, tell=told.tell)


def both(method: str, path: str, kind: type[msgspec.Struct], status: int) -> Callable[[E], E]:
    """Register an endpoint at its own address, and below that of a key."""

    def register(endpoint: E) -> E:
        for prefix, suffix in (("", ""), (_BY_KEY, "_by_key")):
            described = answers(kind, status, "Taken", failing=OpsgenieFailure)
            if prefix:
                described["openapi_extra"]["parameters"] = [_SECRET]
            name = f"{endpoint.__name__}{suffix}"
            router.add_api_route(prefix + path, endpoint, methods=[method], name=name, **described)
        return endpoint

    return register


@both("POST", "/v2/alerts", OpsgenieTaken, 202)
async def opsgenie_create_alert(body: OpsgenieAlert, asked: ByGenieKey) -> Response:
    """Opsgenie's Alert API: create an alert, or repeat the open one of this alias.

    Authorise with `GenieKey` and the text of an API key. The answer names a request id; what
    became of the request can be asked at once.
    """
    since = time.perf_counter()
    alias = body.alias or await _made(asked)
    done = await take(asked, body.notification(alias))
    return await _taken(asked, Action.CREATE, done, since)


@both("POST", "/v2/alerts/{identifier:path}/acknowledge", OpsgenieTaken, 202)
async def opsgenie_acknowledge_alert(
    identifier: Identifier, asked: ByGenieKey, kind: IdentifierType = "id", body: Maybe = None
) -> Response:
    """Acknowledge the alert's incident, as this integration."""
    at = asked.now
    steps: list[Step] = [lambda incident: lifecycle.acknowledge(incident, at=at)]
    return await _commanded(asked, Action.ACKNOWLEDGE, (identifier, kind), body, steps)


@both("POST", "/v2/alerts/{identifier:path}/notes", OpsgenieTaken, 202)
async def opsgenie_add_note(
    identifier: Identifier, body: OpsgenieNote, asked: ByGenieKey, kind: IdentifierType = "id"
) -> Response:
    """Add a note to the alert's incident."""
    return await _commanded(asked, Action.ADD_NOTE, (identifier, kind), body, [])


@both("POST", "/v2/alerts/{identifier:path}/close", OpsgenieTaken, 202)
async def opsgenie_close_alert(
    identifier: Identifier, asked: ByGenieKey, kind: IdentifierType = "id", body: Maybe = None
) -> Response:
    """Tell that the alert has ended: its incident is mitigated, and resolved where nobody has
    acknowledged it."""
    since = time.perf_counter()
    alert = await found(asked, identifier, kind)
    if alert is None:
        done = Taken(outcome="unknown")
    else:
        note = body.words("Closed it") if body else None
        done = await take(asked, ended(alert.alias, note, body.source if body else None))
    return await _taken(asked, Action.CLOSE, done, since)


@both("GET", "/v2/alerts/requests/{request_id}", OpsgenieRequest, 200)
async def opsgenie_request_status(
    request_id: Annotated[str, Path(max_length=100)], asked: ByGenieKey
) -> Response:
    """What became of a request."""
    since = time.perf_counter()
    data = await status_of(asked, request_id)
    body = OpsgenieRequest(data, told.took(since), request_id)
    return told.response(body, 200, request_id)


@both("GET", "/v2/alerts/{identifier}", OpsgenieAlertFound, 200)
async def opsgenie_get_alert(
    identifier: Identifier, asked: ByGenieKey, kind: IdentifierType = "id"
) -> Response:
    """The alert of this alias, id or tiny id (its incident's number), as it stands."""
    since = time.perf_counter()
    alert = await found(asked, identifier, kind)
    if alert is None:
        raise NotFound("there is no such alert")
    body = OpsgenieAlertFound(await alert_of(asked, alert), told.took(since), str(uuid4()))
    return told.response(body, 200, body.request_id)


async def _commanded(
    asked: Asked,
    action: Action,
    meant: tuple[str, str],
    body: OpsgenieAction | OpsgenieNote | None,
    steps: list[Step],
) -> Response:
    since = time.perf_counter()
    alert = await found(asked, *meant)
    if text := body.words("Acknowledged it") if body else None:
        steps.append(lambda incident: triage.note(incident, text=text))
    done = Taken(outcome="unknown")
    if alert is not None:
        done = await command(asked, ended(alert.alias), *steps)
        done = await _at_its_group(asked, alert, done)
    return await _taken(asked, action, done, since)


async def _at_its_group(asked: Asked, alert: Found, done: Taken) -> Taken:
    """Its incident may have been merged into another's: the group tells which alert it was."""
    if done.outcome == "unknown" or (await asked.order(alert.stream)).key is not None:
        return done
    group = await intake_of(asked).group(alert.stream)
    return msgspec.structs.replace(done, position=group.position)


_OUTCOMES = {"unknown": Outcome.UNKNOWN, "refused": Outcome.REFUSED}


async def _taken(asked: Asked, action: Action, done: Taken, since: float) -> Response:
    """An id with what became of it; the same again for a repeated request."""
    key = (await asked.order(uuid4())).key
    request = Asking(done.position, action, _OUTCOMES.get(done.outcome, Outcome.DONE))
    chance = key and uuid5(NAMESPACE_URL, f"{key.scope}:{key.value}").int
    answer = told.taken(request.id(chance), None if key else since)
    answer.headers["tocsin-position"] = str(done.position)
    return answer


async def _made(asked: Asked) -> str:
    """An alias for a sender that names none; a repeated request has the same."""
    order = await asked.order(uuid4())
    made = order.key and uuid5(NAMESPACE_URL, f"{SOURCE}:{order.key.scope}:{order.key.value}")
    return str(made or order.stream)
