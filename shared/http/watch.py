"""What happens around every request: a deadline, counters, a line where it went wrong."""

import asyncio
import time

import structlog
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.deadlines import TaskDeadline, deadlines_of
from shared.errors import Unavailable
from shared.http.counted import RequestsCounted
from shared.http.problems import explain, problem

SECONDS_TO_HANDLE = 5.0
_PATIENT = ("/feed", "/stream", "/backfill", "/export", "/inbox", "/dry-run")
_log = structlog.get_logger("tocsin.http")


class Watch:
    """Sees to requests, whichever way they are served."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counted = RequestsCounted()
        registry.register(self._counted)

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer one request."""
        started = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        failure: BaseException | None = None
        try:
            if scope["path"].endswith(_PATIENT):
                await app(scope, receive, watched)
            else:
                await self._in_time(app, scope, receive, watched)
        except Exception as unexpected:  # the one place: nobody else knows what to do with it
            failure = unexpected
        if failure is not None:
            _log.error("request_failed", route=_route_of(scope), exc_info=failure)
        if failure is not None and status == 0:
            await problem(500, "the failure has been logged")(scope, receive, watched)
        seconds = time.perf_counter() - started
        self._counted.count(_route_of(scope), scope["method"], status, seconds)

    async def _in_time(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        deadlines, deadline = deadlines_of(loop), TaskDeadline(loop, SECONDS_TO_HANDLE)
        deadlines.watch(deadline)

        async def arriving() -> Message:
            """The server bounds how long a body may take; the handler's time starts behind it."""
            deadline.pause()
            message = await receive()
            deadline.restart(SECONDS_TO_HANDLE)
            return message

        try:
            await app(scope, arriving, send)
        except asyncio.CancelledError:
            if not deadline.was_missed():
                raise
            late = Unavailable("this took too long and was given up; try again")
            await explain(late)(scope, receive, send)
        finally:
            deadlines.forget(deadline)


def _route_of(scope: Scope) -> str:
    """Its pattern: an address itself may hold a secret."""
    return str(getattr(scope.get("route"), "path", "unmatched"))
