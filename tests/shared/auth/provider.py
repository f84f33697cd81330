"""A small OpenID Connect provider on loopback, which can rotate its keys, fail and go away."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Provider:
    """Serves discovery and keys; counts how often the keys were asked for."""

    def __init__(self) -> None:
        self.keys: list[dict[str, object]] = []
        self.fetches = 0
        self.status = 200
        self.body: bytes | None = None
        self.discovery: dict[str, str] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self._socket = _listening(0)
        self.port: int = self._socket.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/realms/main"

    def start(self) -> None:
        """Answer, at the same address as before."""
        if self._running is not None:
            self._socket = _listening(self.port)
        config = uvicorn.Config(
            self._answer, interface="asgi3", lifespan="off", ws="none", log_level="warning"
        )
        self._server = uvicorn.Server(config)
        self._running = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def stop(self) -> None:
        """Answer no more: connections are refused."""
        if self._server is not None and self._running is not None:
            self._server.should_exit = True
            await self._running
        self._socket.close()

    async def _answer(self, scope: MutableMapping[str, Any], _: object, send: Send) -> None:
        body = self._discovery() if "openid-configuration" in scope["path"] else self._key_set()
        await self.gate.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def _discovery(self) -> bytes:
        found = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/certs"} | self.discovery
        return json.dumps(found).encode()

    def _key_set(self) -> bytes:
        self.fetches += 1
        return json.dumps({"keys": self.keys}).encode() if self.body is None else self.body


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()  # from now on callers wait for the server instead of being refused
    return listener
