"""uvicorn as every service runs it: bounded requests, and streams that end when it is to stop."""

import asyncio
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.bounded_http import BoundedHttp
from shared.process import CannotStart, port_is_free

KEEP_ALIVE = 180  # seconds; longer than the proxy keeps idle connections, so it never meets a reset
LAST_ANSWERS = 8  # seconds for requests under way when told to stop


def stopping(app: FastAPI) -> asyncio.Event:
    """Set when the server has been told to stop; streams and long polls wait for it beside news."""
    if not hasattr(app.state, "stopping"):
        app.state.stopping = asyncio.Event()
    event: asyncio.Event = app.state.stopping
    return event


class Server(uvicorn.Server):
    """An endless stream would hold up a stop for ever: it is told at once, and ends itself."""

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                loop="uvloop",
                http=BoundedHttp,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nothing here asks where a request came from
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=LAST_ANSWERS,
            )
        )
        self._stopping = stopping(app)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: object = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.tell_streams()

    def tell_streams(self) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(self._stopping.set)


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT."""
    if not port_is_free(host, port):
        raise CannotStart(f"port {port} is in use: stop what listens there, or choose another port")
    Server(app, host=host, port=port).run()
