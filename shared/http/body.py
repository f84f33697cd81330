"""Request bodies: strict JSON, read once, refused with a reason."""

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
    StringConstraints,
)

MAX_DEPTH = 32


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def arguments(self) -> dict[str, Any]:
        """The fields as keyword arguments of the command they belong to."""
        return {name: getattr(self, name) for name in type(self).model_fields}


def _in_range(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 9998:
        raise ValueError("must be a time between 1970 and 9998")
    return moment.astimezone(UTC)


def _to_the_microsecond(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError(  # noqa: TRY004  # pydantic reports ValueErrors
            "must be an RFC 3339 time, such as 2026-11-22T09:58:00Z"
        )
    if isinstance(value, str) and _digits_after_point(value) > 6:
        raise ValueError("must not be finer than microseconds")
    return value


def _digits_after_point(text: str) -> int:
    _, point, fraction = text.partition(".")
    return len(fraction) - len(fraction.lstrip("0123456789")) if point else 0


def _visible(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(_to_the_microsecond), AfterValidator(_in_range)]
"""A time with its zone, to the microsecond, between 1970 and 9998; kept in UTC."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_visible)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000), AfterValidator(_visible)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
"""A key of managed data or a person's id: no white space at its ends."""


class UnreadableBody(HTTPException):
    """The body as a whole cannot be understood. (An HTTPException: FastAPI lets it through.)"""

    def __init__(self, detail: str) -> None:
        super().__init__(422, detail)


class JsonRequest(Request):
    """Decodes its body strictly: UTF-8, no NaN, no NUL characters, at most 32 levels deep."""

    async def json(self) -> Any:
        """The decoded body. Raises UnreadableBody."""
        raw = await self.body()
        try:
            decoded = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as failure:
            raise UnreadableBody(str(failure)) from None
        if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH or b"\\u0000" in raw:
            _check(decoded)
        return decoded


class JsonRoute(APIRoute):
    """A route whose body is read by `JsonRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, given our kind of request."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return strictly


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
