"""What Opsgenie answers: a request is taken, or what is wrong with it."""

import time
from typing import Any
from uuid import UUID, uuid4

import msgspec
from fastapi import Response

from services.incident.alerts.originals import Trouble

_MESSAGES = {
    401: "Could not authenticate",
    403: "You are not authorized to perform this action with this key",
    404: "Alert or request not found. It might not be processed, yet.",
    413: "Request body is too large",
    429: "You are making too many requests!",
}
_NO_JSON = "Could not parse the request body. It must be a JSON object"
_WRONG = "Request body is not processable. Please check the errors."


class OpsgenieTaken(msgspec.Struct, rename="camel"):
    """That a request was taken; its id tells later what became of it."""

    result: str
    took: float
    request_id: str


class OpsgenieFailure(msgspec.Struct, rename="camel", omit_defaults=True):
    """Why a request was not taken: by field, where one is wrong."""

    message: str
    took: float
    request_id: str
    code: int | None = None
    errors: dict[str, str] = {}


def taken(request_id: UUID, since: float | None) -> Response:
    """202; `since` is when the request came, None where the answer must be the same again."""
    body = OpsgenieTaken("Request will be processed", took(since), str(request_id))
    return response(body, 202, request_id)


def tell(trouble: Trouble) -> Response:
    """A failure in Opsgenie's form: 400 for what is no JSON, 422 for what is wrong in it."""
    wrong = trouble.named()
    if trouble.status in (400, 409, 422):
        is_unread = trouble.status == 400 or (bool(trouble.errors) and wrong[0][0] == "")
        message = _NO_JSON if is_unread else _WRONG
        errors = {"body" if field == "" else field: detail for field, detail in wrong}
        return _failure(400 if is_unread else 422, message, errors=errors)
    code = 40301 if trouble.status == 403 else None
    message = _MESSAGES.get(trouble.status, "The request was not processed. Please retry later.")
    return _failure(trouble.status, message, code=code)


def response(body: Any, status: int, request_id: UUID | str) -> Response:
    """An answer, with its id in a header as well."""
    headers = {"x-request-id": str(request_id)}
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def took(since: float | None) -> float:
    """Seconds, to the millisecond."""
    return 0.0 if since is None else round(time.perf_counter() - since, 3)


def _failure(status: int, message: str, **more: Any) -> Response:
    request_id = uuid4()
    return response(OpsgenieFailure(message, 0.0, str(request_id), **more), status, request_id)
