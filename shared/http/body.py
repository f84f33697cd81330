"""Request bodies: strict JSON, read once, refused with a reason."""

import inspect
import re
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import Request, Response
from fastapi.exceptions import HTTPException
from fastapi.routing import APIRoute
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from shared.errors import Invalid
from shared.http.direct import direct
from shared.http.known import known_here

MAX_DEPTH = 32
BODY_LIMIT = 1024 * 1024
LARGE_BODY_LIMIT = 16 * 1024 * 1024
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def arguments(self) -> dict[str, Any]:
        """The fields as keyword arguments of the command they belong to."""
        return dict(self.__dict__)


def _in_range(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 9998:
        raise ValueError("must be a time between 1970 and 9998")
    return moment.astimezone(UTC)


def _to_the_microsecond(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    told = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if told is None:
        raise ValueError("must be an RFC 3339 time, such as 2026-11-22T09:58:00Z")
    if len(told[1] or "") > 7:
        raise ValueError("must not be finer than microseconds")
    return value


def no_text(value: Any) -> Any:
    """A whole number, as opposed to one in a text, or a truth."""
    if isinstance(value, bool | str):
        raise ValueError("must be a whole number")  # noqa: TRY004  # pydantic reports ValueErrors
    return value


def _visible(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(_to_the_microsecond), AfterValidator(_in_range)]
"""A time with its zone, to the microsecond, between 1970 and 9998; kept in UTC."""

Whole = Annotated[int, BeforeValidator(no_text)]
"""An integer as JSON has it: 3 and 3.0, but neither "3" nor true."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_visible)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000), AfterValidator(_visible)]


def _alone(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Lines = Annotated[list[Line], Field(max_length=50)]
Lines = Annotated[_Lines, BeforeValidator(_alone, json_schema_input_type=_Lines | Line)]
"""Up to fifty lines; one alone may be given without its list."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
"""A key of managed data or a person's id: no white space at its ends."""


class UnreadableBody(HTTPException):
    """The body as a whole cannot be understood. (An HTTPException: FastAPI lets it through.)"""

    def __init__(self, detail: str) -> None:
        super().__init__(422, detail)


class BodyTooLarge(HTTPException):
    """More than the route takes. (An HTTPException, as above.)"""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"a request body may have {limit} bytes at most")


class OnceRead(Headers):
    """Headers that are looked through once; `get` takes lower-case names and gives the first."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        told = ((n.decode("latin-1"), v.decode("latin-1")) for n, v in reversed(self.raw))
        self.get = dict(told).get  # type: ignore[method-assign]


class JsonRequest(Request):
    """Decodes its body strictly: UTF-8, no NaN, no NUL characters, at most 32 levels deep."""

    limit = BODY_LIMIT

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._headers = OnceRead(scope)

    async def body(self) -> bytes:
        """The raw body. Raises BodyTooLarge, before the rest of it is read."""
        if not hasattr(self, "_body"):
            declared = self.headers.get("content-length", "")
            if declared.isascii() and declared.isdigit() and int(declared) > self.limit:
                raise BodyTooLarge(self.limit)
            self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        read = b""
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            read += message.get("body", b"")
            more = message.get("more_body", False)
            if len(read) > self.limit:
                raise BodyTooLarge(self.limit)
        return read

    async def json(self) -> Any:
        """The decoded body. Raises UnreadableBody."""
        raw = await self.body()
        try:
            decoded = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as failure:
            raise UnreadableBody(str(failure)) from None
        if _may_be_deep(raw) or b"\\u0000" in raw:
            _check(decoded)
        return decoded


class LargeJsonRequest(JsonRequest):
    """For what other systems send in bulk."""

    limit = LARGE_BODY_LIMIT


class JsonRoute(APIRoute):
    """A route whose body is read by `JsonRequest`."""

    request_class: type[JsonRequest] = JsonRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, given our kind of request."""
        handle = direct(self) or super().get_route_handler()
        allowed, takes_body = _query_names(self), bool(self.dependant.body_params)

        async def strictly(request: Request) -> Response:
            _check_address(request, allowed)
            if takes_body:
                _check_content_type(request.headers.get("content-type"))
            if not isinstance(request, JsonRequest):
                request = self.request_class(request.scope, request.receive)
            return await handle(request)

        return strictly


class LargeJsonRoute(JsonRoute):
    """A route that takes bodies of up to 16 MiB."""

    request_class = LargeJsonRequest


def _query_names(route: APIRoute) -> frozenset[str]:
    """The query parameters a route takes, those of its dependencies and models among them."""
    names: set[str] = set()
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        waiting.extend(dependant.dependencies)
        for field in dependant.query_params:
            kind = field.field_info.annotation
            if inspect.isclass(kind) and issubclass(kind, BaseModel):
                names |= {known.alias or name for name, known in kind.model_fields.items()}
            else:
                names.add(field.alias)
    return frozenset(names)


def _check_content_type(header: str | None) -> None:
    if header is not None and "json" not in header.lower():
        raise UnreadableBody("the body must be JSON: send Content-Type: application/json")


def _check_address(request: Request, allowed: frozenset[str]) -> None:
    unknown = request.scope["query_string"] and request.query_params.keys() - allowed
    if unknown:
        wrong = [(f"query:{name}", "is not a parameter here") for name in sorted(unknown)]
        raise Invalid(*wrong[:-1], (wrong[-1][0], wrong[-1][1] + known_here(sorted(allowed))))
    if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise Invalid(("query:", "an address must not hold the character NUL"))


_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _may_be_deep(raw: bytes) -> bool:
    """Pairs of brackets are taken out from within, two levels a turn; those in texts remain."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    brackets = raw.translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH // 2):
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets)


def _check(decoded: Any) -> None:
    waiting = [(decoded, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise UnreadableBody(f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, str) and "\0" in value:
            raise UnreadableBody("a text holds the character NUL")
        waiting.extend((inner, depth + 1) for inner in _within(value))


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    return value if isinstance(value, list) else ()
