"""The way to a route by one look-up, however many there are.

FastAPI tries the routes one after the other, twice over. What is not found here (another method, an
unknown address, a value that reads like a part of an address) goes that way, answered as ever; so
does every request that is traced, since FastAPI names the spans.
"""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from shared.http.body import JsonRoute
from shared.http.direct import Handler, direct


class Shortcut(BaseRoute):
    """Stands before the routes of these routers."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        routes = [r for router in routers for r in router.routes if isinstance(r, JsonRoute)]
        self._words = {word for r in routes for word in r.path.split("/") if "{" not in word}
        self._ways: dict[tuple[str, str], tuple[JsonRoute, Handler]] = {}
        for route in filter(direct, routes):
            way = (route, route.get_route_handler())
            for method in route.methods or ():
                self._ways.setdefault((method, self._shape(route.path.split("/"))), way)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the way, and what the address holds."""
        if scope["type"] != "http" or scope.get("fastapi.telemetry") or scope.get("root_path"):
            return Match.NONE, {}
        parts = scope["path"].split("/")
        way = self._ways.get((scope["method"], self._shape(parts)))
        if way is None:
            return Match.NONE, {}
        values = (part for part in parts if part not in self._words)
        params = dict(zip(way[0].param_convertors, values, strict=True))
        return Match.FULL, {"route": way[0], "path_params": params, "tocsin.handler": way[1]}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer."""
        response = await scope["tocsin.handler"](Request(scope, receive))
        await response(scope, receive, send)

    def _shape(self, parts: Iterable[str]) -> str:
        return "/".join(part if part in self._words else "{}" for part in parts)
