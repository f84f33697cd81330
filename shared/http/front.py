"""The application as the server meets it: watched, and straight to the endpoint where it can be.

FastAPI tries the routes one after the other, behind five layers of its own. Most requests are for a
route of the plain form (`direct`), found here by one look-up. What is not found (another method, an
unknown address, a value that reads like a part of an address) goes FastAPI's way, answered as
ever; so does every request where requests are traced, since FastAPI names the spans.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.body import JsonRoute
from shared.http.direct import Handler, direct
from shared.http.hidden import hide_secret
from shared.http.problems import answer_to
from shared.http.watch import Watch


class _Way(NamedTuple):
    route: JsonRoute
    handle: Handler


class Front(FastAPI):
    """A FastAPI application that knows short ways to its routes."""

    def __init__(self, *, watch: Watch, traced: bool, **more: Any) -> None:
        super().__init__(**more)
        self._watch = watch
        self._traced = traced
        self._words: set[str] = set()
        self._ways: dict[tuple[str, str], _Way] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        hide_secret(scope)
        way = None if self._traced else self._way(scope)
        app: ASGIApp = super().__call__ if way is None else self._straight
        await self._watch.serve(app, scope, receive, send)

    def know(self, routers: Iterable[APIRouter]) -> None:
        """Learn the ways to these routers' routes."""
        routes = [r for router in routers for r in router.routes if isinstance(r, JsonRoute)]
        self._words = {word for r in routes for word in r.path.split("/") if "{" not in word}
        for route in filter(direct, routes):
            way = _Way(route, route.get_route_handler())
            for method in route.methods or ():
                self._ways.setdefault((method, self._shape(route.path.split("/"))), way)

    def _way(self, scope: Scope) -> _Way | None:
        path, values = scope["path"], list[str]()
        way = None if "{" in path else self._ways.get((scope["method"], path))
        if way is None:
            parts = path.split("/")
            way = self._ways.get((scope["method"], self._shape(parts)))
            values = [part for part in parts if part not in self._words]
        if way is None or scope.get("root_path"):
            return None
        scope["app"] = self
        scope["route"] = way.route
        scope["path_params"] = dict(zip(way.route.param_convertors, values, strict=True))
        scope["tocsin.handle"] = way.handle
        return way

    async def _straight(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = scope["route"].request_class(scope, receive)
        try:
            response = await scope["tocsin.handle"](request)
        except Exception as failure:
            response = await answer_to(failure, request)
            if response is None:
                raise
        await response(scope, receive, send)

    def _shape(self, parts: Iterable[str]) -> str:
        words = self._words
        return "/".join([part if part in words else "{}" for part in parts])
