"""A request straight to its endpoint, for routes of the form that nearly all of ours have.

FastAPI's general way costs about as much as the rest of a command. A route that takes values of
its address, one JSON body and what coroutines know of the request, and that answers with a
Response, does without it: FastAPI's fields still check each value and describe the route.
"""

import inspect
from collections.abc import Callable, Coroutine, Sequence
from email.message import Message
from functools import lru_cache
from typing import Any

from fastapi import Request, Response, params
from fastapi._compat import (
    ModelField,
    field_annotation_is_sequence,
    get_cached_model_fields,
    get_missing_field_error,
)
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined
from starlette.datastructures import QueryParams

from shared.http.known import with_known_fields

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def direct(route: APIRoute) -> Handler | None:
    """The handler of a route of that form; None where FastAPI must see to it."""
    if not _is_plain(route):
        return None
    wanted, endpoint = route.dependant, route.endpoint
    check = _Check(wanted.body_params[0]) if wanted.body_params else None
    query = _Query(wanted.query_params)
    asks: list[Any] = [(d.name, d.call, d.request_param_name) for d in wanted.dependencies]

    async def handle(request: Request) -> Response:
        body = await _body(request) if wanted.body_params else PydanticUndefined
        arguments = {name: await ask(**{of: request}) for name, ask, of in asks}
        wrong: list[Any] = []
        if wanted.path_params:
            found, errors = request_params_to_args(wanted.path_params, request.path_params)
            arguments, wrong = arguments | found, wrong + errors
        if wanted.query_params:
            found, errors = query(request.query_params)
            arguments, wrong = arguments | found, wrong + errors
        if check is not None:
            arguments[check.name], errors = check(body)
            wrong = wrong + errors
        if wrong:
            raise RequestValidationError(wrong, body=body)
        response: Response = await endpoint(**arguments)
        return response

    return handle


def _is_plain(route: APIRoute) -> bool:
    wanted, answer = route.dependant, inspect.signature(route.endpoint).return_annotation
    fields = [field.field_info for field in wanted.body_params]
    return (
        answer is Response
        and inspect.iscoroutinefunction(route.endpoint)
        and not (wanted.request_param_name or _wants_more(wanted))
        and all(map(_asks_plainly, wanted.dependencies))
        and (not fields or [type(field) for field in fields] == [params.Body])
    )


def _asks_plainly(asked: Dependant) -> bool:
    more = asked.dependencies or asked.path_params or asked.query_params or asked.body_params
    return bool(
        asked.name
        and asked.request_param_name
        and inspect.iscoroutinefunction(asked.call)
        and not (more or _wants_more(asked))
    )


def _wants_more(dependant: Dependant) -> bool:
    return bool(
        dependant.header_params
        or dependant.cookie_params
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.http_connection_param_name
    )


class _Check:
    """A body's field; a body that is as it should be costs one call into pydantic."""

    def __init__(self, field: ModelField) -> None:
        self.name = field.name
        self._field = field
        self._quick = field._type_adapter.validator.validate_python

    def __call__(self, body: Any) -> tuple[Any, list[Any]]:
        if body is PydanticUndefined and not self._field.field_info.is_required():
            return self._field.get_default(), []
        if body is PydanticUndefined:
            return None, [get_missing_field_error(("body",))]
        try:
            return self._quick(body), []
        except ValidationError:
            value, errors = self._field.validate(body, {}, loc=("body",))
            return value, with_known_fields(errors, self._field.field_info.annotation)


class _Query:
    """A route's query parameters; where they are one model, a right one costs one call too."""

    def __init__(self, fields: Sequence[ModelField]) -> None:
        self._fields = fields
        self._model = _model_of(fields)
        known = get_cached_model_fields(self._model) if self._model else []
        annotations = ((f.name, f.field_info.annotation) for f in known)
        self._lists = {name for name, kind in annotations if field_annotation_is_sequence(kind)}

    def __call__(self, given: QueryParams) -> tuple[dict[str, Any], list[Any]]:
        if self._model is None:
            return request_params_to_args(self._fields, given)
        lists = self._lists
        values = {n: given.getlist(n) if n in lists else given[n] for n in given}
        [field] = self._fields
        try:
            return {field.name: self._model.model_validate(values)}, []
        except ValidationError:
            return request_params_to_args(self._fields, given)


def _model_of(fields: Sequence[ModelField]) -> type[BaseModel] | None:
    kinds = [field.field_info.annotation for field in fields]
    if len(kinds) != 1 or not (inspect.isclass(kinds[0]) and issubclass(kinds[0], BaseModel)):
        return None
    return kinds[0] if all(f.alias is None for f in kinds[0].model_fields.values()) else None


async def _body(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return PydanticUndefined
    return await request.json() if _is_json(request.headers.get("content-type", "")) else raw


@lru_cache(maxsize=128)
def _is_json(content_type: str) -> bool:
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype() if content_type else ""
    is_application = message.get_content_maintype() == "application"
    return is_application and (subtype == "json" or subtype.endswith("+json"))
