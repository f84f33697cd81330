"""Addresses that answer as another product does: its forms of success and of failure, not ours."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request, Response

from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Forbidden
from shared.http.body import JsonRequest, JsonRoute
from shared.http.hidden import secret_of
from shared.http.problems import EXPLAINED, explained


class Trouble(msgspec.Struct):
    """Why a request failed, as our own addresses would tell it."""

    status: int
    title: str
    detail: str = ""
    errors: list[dict[str, str]] = []

    def named(self) -> list[tuple[str, str]]:
        """Each error as the field's path with dots, and what is wrong with it."""
        found = [(e["pointer"].strip("/").replace("/", "."), e["detail"]) for e in self.errors]
        return found or [("", self.detail or self.title)]


Telling = Callable[[Trouble], Response]


def original_routes(tag: str, *, limit: int, tell: Telling) -> APIRouter:
    """A router for bodies of up to `limit` bytes whose failures are told by `tell`."""

    class Limited(JsonRequest):
        pass

    Limited.limit = limit

    class OriginalRoute(JsonRoute):
        request_class = Limited

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def tellingly(request: Request) -> Response:
                try:
                    return await handle(request)
                except EXPLAINED as failure:
                    return _told(failure, tell)

            return tellingly

    return APIRouter(tags=[tag], route_class=OriginalRoute)


def _told(failure: Exception, tell: Telling) -> Response:
    ours = explained(failure)
    answer = tell(msgspec.json.decode(ours.body, type=Trouble))
    if (after := ours.headers.get("retry-after")) is not None:
        answer.headers["retry-after"] = after
    return answer


Secret = Annotated[str, Path(max_length=200, description="The text of an API key")]


async def sender(request: Request, key: str | None = None) -> Caller:
    """Whose key this is (or the address's), of those who may tell of alerts.

    Raises Unauthenticated, Forbidden.
    """
    service = request.app.state.service
    caller: Caller = await service.authenticator.authenticate_key(key or secret_of(request))
    if not caller.has(Role.SERVICE):
        raise Forbidden("this key lacks the role service")
    return caller
