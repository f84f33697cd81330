"""The OpenAPI document: valid 3.1, with what FastAPI cannot know of our conventions written in."""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from shared.http.hidden import holds_secret
from shared.http.problems import KINDS, MEDIA_TYPE

_HEADERS = {
    "Idempotency-Key": "Same key and body: the same answer, once in the log",
    "If-Match": "The version this command was decided on, as its ETag gave it",
    "X-Correlation-ID": "A UUID that ties this request to others",
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do about it"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "unmet": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"condition": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_PLAIN = "x-plain"  # an operation that is no command: it takes no headers of commands
_ORIGINAL = "x-original"  # an operation that answers as another product does, failures too
_FAILS = "x-fails"  # the type of such failures
_IN_BODY = "x-key-in-body"
_KIND = "x-kind"  # by which a document finds the types of its own answers
_ANSWERS: dict[str, type[msgspec.Struct]] = {}


def answers(
    kind: type[msgspec.Struct],
    status: int = 200,
    description: str = "The answer",
    *,
    batch_of: str | None = None,
    plain: bool = False,
    failing: type[msgspec.Struct] | None = None,
    key_in_body: bool = False,
) -> dict[str, Any]:
    """What a route is given so that its document names the msgspec type it answers with.

    `batch_of` is the media type of an answer that is an array of them; `plain` says that the
    operation heeds no Idempotency-Key and no If-Match, as it adds nothing to the log by itself.
    `failing` is what it answers in place of problem details, as the product does that it stands
    for; `key_in_body` tells that the body holds the credentials.
    """
    name = f"{kind.__module__}.{kind.__qualname__}"
    _ANSWERS[name] = kind
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{kind.__name__}"}
    content = {"application/json": {"schema": schema}}
    if batch_of is not None:
        content = {batch_of: {"schema": {"type": "array", "items": schema}}}
    responses = {str(status): {"description": description, "content": content}}
    extra = {"responses": responses, _KIND: name, _PLAIN: plain, _IN_BODY: key_in_body}
    if failing is not None:
        extra |= {_ORIGINAL: True, _FAILS: f"{failing.__module__}.{failing.__qualname__}"}
        _ANSWERS[str(extra[_FAILS])] = failing
    return {"response_model": None, "status_code": status, "openapi_extra": extra}


def describe(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Replace the application's OpenAPI document by the amended one, built when first asked for."""
    build = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _amended(build(), _roles(routers))
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's way to extend it


def _roles(routers: Sequence[APIRouter]) -> dict[tuple[str, str], list[str] | None]:
    """Of each operation, the roles that may call it: [] for any caller, None for everybody."""
    routes = (r for router in routers for r in router.routes if isinstance(r, APIRoute))
    return {
        (route.path_format, method.lower()): _roles_of(route)
        for route in routes
        for method in route.methods or ()
    }


_MEANT = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _corrected(schema: Any) -> Any:
    """Limits behind a validator of ours come out under pydantic's names; here are JSON Schema's."""
    if isinstance(schema, list):
        return [_corrected(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    is_number = schema.get("type") in ("integer", "number")
    return {
        _MEANT.get(name, name) if is_number else name: _corrected(each)
        for name, each in schema.items()
    }


def _roles_of(route: APIRoute) -> list[str] | None:
    waiting = list(route.dependant.dependencies)
    while waiting:
        dependant = waiting.pop()
        roles = getattr(dependant.call, "roles", None)
        if roles is not None:
            return sorted(roles)
        waiting.extend(dependant.dependencies)
    return None


def _amended(
    document: dict[str, Any], roles: dict[tuple[str, str], list[str] | None]
) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    operations = [o for methods in document["paths"].values() for o in methods.values()]
    told = {operation[_FAILS] for operation in operations if _FAILS in operation}
    told |= {operation.pop(_KIND) for operation in operations if _KIND in operation}
    names = sorted(told)
    _, components = msgspec.json.schema_components(
        [_ANSWERS[name] for name in names], ref_template="#/components/schemas/{name}"
    )
    if clash := [n for n in schemas.keys() & components.keys() if "enum" not in components[n]]:
        raise TypeError(f"a request and an answer share the name {', '.join(sorted(clash))}")
    schemas |= components
    schemas["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A JWT or an API key"}
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _amend(operation, method, roles.get((path, method)))
            if operation.pop(_IN_BODY, False) or holds_secret(path):
                del operation["security"]
    corrected: dict[str, Any] = _corrected(document)
    return corrected


def _amend(operation: dict[str, Any], method: str, roles: list[str] | None) -> None:
    responses, plain = operation["responses"], operation.pop(_PLAIN, False)
    if roles is not None:
        operation["security"] = [{"bearer": []}]
        operation["x-roles"] = roles
        if method in ("post", "put", "delete") and not plain:
            operation.setdefault("parameters", []).extend(_header_parameters())
    failing = operation.pop(_FAILS, None)
    for status, name, _ in KINDS.values():
        responses.setdefault(str(status), _problem_response(name, failing))
    responses["422"] = _problem_response("invalid", failing)
    responses.setdefault("400", _problem_response("malformed", failing))
    responses.setdefault("431", _problem_response("head-too-large"))  # the server's own
    for response in responses.values():
        _without_item_schema(response)
        _without_a_type_never_answered(response)


def _header_parameters() -> list[dict[str, Any]]:
    return [
        {"name": n, "in": "header", "required": False, "description": d, "schema": _header(n)}
        for n, d in _HEADERS.items()
    ]


def _header(name: str) -> dict[str, Any]:
    if name == "If-Match":
        return {"type": "string", "pattern": r'^"\d{1,9}"$'}
    if name == "X-Correlation-ID":
        return {"type": "string", "format": "uuid"}
    return {"type": "string", "minLength": 1, "maxLength": 255}


def _problem_response(name: str, failing: str | None = None) -> dict[str, Any]:
    if failing is None:
        schema = {"$ref": "#/components/schemas/Problem"}
        return {"description": name, "content": {MEDIA_TYPE: {"schema": schema}}}
    schema = {"$ref": f"#/components/schemas/{_ANSWERS[failing].__name__}"}
    return {"description": name, "content": {"application/json": {"schema": schema}}}


def _without_a_type_never_answered(response: dict[str, Any]) -> None:
    """FastAPI names JSON as well where an answer is of another type."""
    content = response.get("content", {})
    if len(content) > 1 and content.get("application/json") == {"schema": {}}:
        del content["application/json"]


def _without_item_schema(response: dict[str, Any]) -> None:
    """FastAPI writes 3.2's `itemSchema` for event streams; a 3.1 document must not hold it."""
    for content in response.get("content", {}).values():
        item = content.pop("itemSchema", None)
        if item is not None:
            content["schema"] = {"type": "string"}
