"""CloudEvents over HTTP, in each of the binding's content modes."""

from contextlib import suppress
from typing import Any

from fastapi import Response

from services.incident.alerts.decision import Taken
from services.incident.alerts.senders import cloudevents as ce
from services.incident.alerts.senders.cloudevents import CloudEvent
from services.incident.alerts.taking import ByMonitor, BySecret, answer, intake_of, take_all
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import UnreadableBody
from shared.http.openapi import answers

router = routes("alerts", "/v1/alerts", large_bodies=True)

_EXAMPLE = {
    "specversion": "1.0",
    "id": "a1",
    "source": "/checkout/probe",
    "type": "com.example.probe.failed",
    "subject": "login",
    "time": "2026-11-22T09:58:00Z",
    "data": {"summary": "Login fails", "severity": "critical", "labels": {"service": "checkout"}},
}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_EVENT = {
    "type": "object",
    "description": "A CloudEvent; extension attributes are taken as labels",
    "required": ["id", "source", "specversion", "type"],
    "properties": {
        **dict.fromkeys(("id", "source", "type", "subject"), _TEXT),
        "specversion": {"const": "1.0"},
        "time": {"type": "string", "format": "date-time"},
        "data": {},
    },
    "propertyNames": {"pattern": "^([a-z0-9]{1,20}|data_base64)$"},
    "additionalProperties": {"type": ["string", "integer", "boolean"]},
    "example": _EXAMPLE,
}
_BATCH = {"description": "An array of such events"}
_BODY = {
    "required": True,
    "content": {ce.STRUCTURED: {"schema": _EVENT}, ce.BATCH: {"schema": _BATCH}},
}


def _described() -> dict[str, Any]:
    told = answers(Taken)
    told["openapi_extra"]["requestBody"] = _BODY
    return told


@router.post("/cloudevents", **_described())
async def cloudevents(asked: ByMonitor) -> Response:
    """CloudEvents 1.0: structured, batched, or binary with the attributes in `ce-` headers.

    By default the source is the receiver and the subject names the group and the alert; the last
    word of `status`, of the data's status or state, or of the type tells whether it has ended.
    The policy `alert-rules` can name other places, under `cloudevents`.
    """
    return await _take(asked)


@router.post("/by-key/{secret}/cloudevents", **_described())
async def cloudevents_by_key(asked: BySecret) -> Response:
    """The same for a sender that cannot set a header: an API key is part of the address."""
    return await _take(asked)


async def _take(asked: Asked) -> Response:
    events = await _events(asked)
    rules = (await intake_of(asked).rules()).cloudevents
    return answer(await take_all(asked, ce.notifications(events, rules)))


async def _events(asked: Asked) -> list[CloudEvent]:
    request = asked.request
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == ce.BATCH:
        return ce.from_batch(await request.json())
    if kind.startswith("application/cloudevents") and kind != ce.STRUCTURED:
        raise UnreadableBody(f"events are taken as JSON: send {ce.STRUCTURED} or {ce.BATCH}")
    if kind != ce.STRUCTURED and "ce-specversion" in request.headers:
        return [ce.from_binary(request.headers.items(), await _data(asked, kind))]
    return [ce.from_structured(await request.json())]


async def _data(asked: Asked, kind: str) -> Any:
    raw = await asked.request.body()
    if not raw:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        return await asked.request.json()
    if not kind:
        with suppress(UnreadableBody):  # JSON is what is meant where nothing is said
            return await asked.request.json()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise UnreadableBody("the data must be JSON or text in UTF-8") from None
