"""What happens around every request: a deadline, counters, a line where it went wrong."""

import asyncio
import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Unavailable
from shared.http.problems import explain, problem

SECONDS_TO_HANDLE = 5.0
_PATIENT = ("/feed", "/stream", "/backfill", "/export", "/inbox")
_log = structlog.get_logger("tocsin.http")


class Watch:
    """A plain ASGI middleware (a BaseHTTPMiddleware costs more than a whole handler)."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "tocsin_http_requests",
            "Requests answered",
            ["route", "method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "tocsin_http_request_seconds",
            "Seconds to the end of the answer",
            ["route"],
            registry=registry,
        )
        self._children: dict[tuple[str, str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        failure: BaseException | None = None
        try:
            await self._within_time(scope, receive, watched)
        except Exception as unexpected:  # the one place: nobody else knows what to do with it
            failure = unexpected
        if failure is not None:
            _log.error("request_failed", route=_route_of(scope), exc_info=failure)
        if failure is not None and status == 0:
            await problem(500, "the failure has been logged")(scope, receive, watched)
        self._count(scope, status, time.perf_counter() - started)

    async def _within_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith(_PATIENT):
            await self._app(scope, receive, send)
            return
        now = asyncio.get_running_loop().time

        async def arriving() -> Message:
            """The server bounds how long a body may take; the handler's time starts behind it."""
            deadline.reschedule(None)
            message = await receive()
            deadline.reschedule(now() + SECONDS_TO_HANDLE)
            return message

        try:
            async with asyncio.timeout(SECONDS_TO_HANDLE) as deadline:
                await self._app(scope, arriving, send)
        except TimeoutError:
            late = Unavailable("this took too long and was given up; try again")
            await explain(late)(scope, receive, send)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route_of(scope)
        key = (route, scope["method"], status)
        children = self._children.get(key)
        if children is None:
            counter = self._requests.labels(route, scope["method"], str(status))
            children = self._children[key] = (counter, self._seconds.labels(route))
        children[0].inc()
        children[1].observe(seconds)


def _route_of(scope: Scope) -> str:
    """Its pattern: an address itself may hold a secret."""
    return str(getattr(scope.get("route"), "path", "unmatched"))
