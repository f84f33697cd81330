"""Every failure as problem details (RFC 9457): the only place that knows status codes."""

from typing import Any, cast

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared import errors
from shared.http.body import UnreadableBody
from shared.http.known import known_here
from shared.ledger import GuardMoved
from shared.store.database import CONNECTION_LOST

MEDIA_TYPE = "application/problem+json"

KINDS: dict[type[Exception], tuple[int, str, str]] = {
    errors.Unauthenticated: (401, "unauthenticated", "Valid credentials are needed"),
    errors.Forbidden: (403, "forbidden", "This caller may not do that"),
    errors.NotFound: (404, "not-found", "There is no such thing"),
    errors.Refused: (409, "refused", "The rules forbid this now"),
    errors.NotCaughtUp: (409, "not-caught-up", "What you wait for has not arrived yet"),
    errors.LogMismatch: (409, "log-mismatch", "The cursor belongs to another log"),
    errors.Stale: (412, "stale", "It has changed since you read it"),
    errors.TooLarge: (413, "too-large", "The request is too large"),
    errors.Invalid: (422, "invalid", "The request is not valid"),
    errors.KeyReused: (422, "key-reused", "The idempotency key belongs to another request"),
    errors.TooMany: (429, "too-many", "Too many requests"),
    errors.Unavailable: (503, "unavailable", "The service cannot do this at the moment"),
}
_RETRY_AFTER: dict[type[Exception], str] = {
    errors.NotCaughtUp: "1",
    errors.TooMany: "1",
    errors.Unavailable: "2",
}
_BY_STATUS = {status: (name, title) for status, name, title in reversed(KINDS.values())}
_BY_STATUS[400] = ("malformed", "The request cannot be read")
_BY_STATUS[405] = ("method-not-allowed", "This method is not for this address")
_BY_STATUS[408] = ("timeout", "The request took too long to arrive")
_BY_STATUS[431] = ("head-too-large", "The address and the headers are too large")
_BY_STATUS[500] = ("internal", "Something unexpected went wrong")
_BY_STATUS[504] = ("took-too-long", "The request took too long")
_AWAY = (*CONNECTION_LOST, GuardMoved)
EXPLAINED: tuple[type[Exception], ...] = (
    *KINDS,
    *_AWAY,
    UnreadableBody,
    RequestValidationError,
    HTTPException,
    ClientDisconnect,
)


def types() -> dict[str, tuple[int | None, str]]:
    """By its name, each type of problem's status and title."""
    coarse = {name: (status, title) for status, (name, title) in _BY_STATUS.items()}
    fine = {name: (status, title) for status, name, title in KINDS.values()}
    return {"http": (None, "The request failed"), **coarse, **fine}


def problem(status: int, detail: str = "", **more: Any) -> Response:
    """A problem-details response of this status."""
    name, title = _BY_STATUS.get(status, ("http", "The request failed"))
    return _response(status, name, title, detail, more)


def explain(failure: Exception) -> Response:
    """The response to a failure the kernel or a service raised."""
    if isinstance(failure, _AWAY):
        failure = errors.Unavailable("the database cannot be reached at the moment; try again")
    status, name, title = KINDS[type(failure)]
    response = _response(status, name, title, str(failure), _details(failure))
    if after := _RETRY_AFTER.get(type(failure)):
        response.headers["retry-after"] = after
    if status == 401:
        response.headers["www-authenticate"] = 'Bearer realm="tocsin"'
    return response


def _details(failure: Exception) -> dict[str, Any]:
    if isinstance(failure, errors.Refused) and failure.unmet:
        return {"unmet": [{"condition": c, "detail": d} for c, d in failure.unmet]}
    if isinstance(failure, errors.Invalid):
        return {"errors": [{"pointer": p, "detail": d} for p, d in failure.errors]}
    return {}


def _response(status: int, name: str, title: str, detail: str, more: dict[str, Any]) -> Response:
    body = {"type": f"/problems/{name}", "title": title, "status": status, "detail": detail, **more}
    return Response(msgspec.json.encode(body), status, media_type=MEDIA_TYPE)


def explained(failure: Exception) -> Response:
    """The response to any of `EXPLAINED`, for routes that tell it in a manner of their own."""
    match failure:
        case UnreadableBody(detail=detail):
            return explain(errors.Invalid(("", str(detail))))
        case RequestValidationError():
            return explain(errors.Invalid(*(_validation_error(e) for e in failure.errors())))
        case HTTPException():
            return problem(failure.status_code, str(failure.detail))
        case ClientDisconnect():
            return problem(400, "the body has not arrived")
        case _:
            return explain(failure)


async def _explain(request: Request, failure: Exception) -> Response:
    return explained(failure)


async def _explain_http(request: Request, failure: Exception) -> Response:
    known = cast(HTTPException, failure)
    response = problem(known.status_code, str(known.detail))
    response.headers.update(known.headers or {})
    if known.status_code == 405:
        response.headers["allow"] = ", ".join(_methods_of(request))
    return response


def _methods_of(request: Request) -> list[str]:
    """All that this address takes; the framework names those of one route only."""
    path = request.scope["path"]
    routes = [r for router in request.app.state.routers for r in router.routes]
    matching = [r for r in routes if isinstance(r, APIRoute) and r.path_regex.match(path)]
    literal = [r for r in matching if r.path == path]  # an address without holes has its own
    return sorted({method for route in literal or matching for method in route.methods or ()})


def _validation_error(error: dict[str, Any]) -> tuple[str, str]:
    where, *path = error["loc"]
    if error["type"] in _OF_A_KIND:
        path.append(str(error["ctx"]["discriminator"]).strip("'"))
    steps = "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)
    if where == "body":
        return (f"/{steps}" if steps else ""), _sentence(error)
    return f"{where}:{steps}", _sentence(error)


_OF_A_KIND = ("union_tag_not_found", "union_tag_invalid")
"""The field that tells which kind of body it is has none, or none that there is."""
_PLAINLY = {
    "union_tag_not_found": "Field required",
    "uuid_parsing": "must be an id (a UUID)",
    "uuid_type": "must be an id (a UUID)",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
}
"""What somebody needs to know of a value that is none of its kind."""


def _sentence(error: dict[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        names = error.get("ctx", {}).get("known")
        return "is not a field of this request" + ("" if names is None else known_here(names))
    if error["type"] == "union_tag_invalid":
        return f"must be one of {error['ctx']['expected_tags']}"
    return _PLAINLY.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")


async def answer_to(failure: Exception, request: Request) -> Response | None:
    """The response to any of `EXPLAINED`; None to what nobody expected."""
    if isinstance(failure, HTTPException) and not isinstance(failure, UnreadableBody):
        return await _explain_http(request, failure)
    return explained(failure) if isinstance(failure, EXPLAINED) else None


async def _explain_unexpected(request: Request, failure: Exception) -> Response:
    return problem(500, "the failure has been logged")


def explain_failures(app: FastAPI) -> None:
    """Answer every failure with problem details; what nobody expected says nothing about itself."""
    for kind in EXPLAINED:
        app.add_exception_handler(kind, _explain)
    app.add_exception_handler(HTTPException, _explain_http)
    app.add_exception_handler(Exception, _explain_unexpected)
