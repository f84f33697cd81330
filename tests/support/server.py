"""An application behind the real server on loopback, for what an in-process call cannot show."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from shared.process import free_port
from shared.server import Server


@asynccontextmanager
async def running(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Yields its base URL; on leaving, stops as on SIGTERM."""
    port = port or free_port()
    server = Server(app, host="127.0.0.1", port=port)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        server.tell_streams()
        await serving
