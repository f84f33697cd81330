"""A way to the database that can be cut, delayed or silenced at a chosen moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_BIND = b"B"  # begins the execution of a prepared statement
_READY = ord("Z")  # ReadyForQuery: what came before it is committed


@dataclass(eq=False)
class _Link:
    """One client's connection, both halves."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    swallows: bool = False
    pending: bytearray = field(default_factory=bytearray)

    def reset(self) -> None:
        for end in (self.client, self.server):
            end.transport.abort()

    def completes(self, data: bytes) -> bool:
        """Whether the server's messages so far end a statement. Raises nothing on half of one."""
        self.pending += data
        ready = False
        while len(self.pending) >= 5:
            size = 1 + int.from_bytes(self.pending[1:5], "big")
            if len(self.pending) < size:
                break
            ready |= self.pending[0] == _READY
            del self.pending[:size]
        return ready


class Proxy:
    """Relays bytes between clients and one server, until told otherwise."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._listener: asyncio.Server | None = None
        self._port = 0
        self._lose_reply = False
        self._lose_request = False
        self.delay = 0.0

    @property
    def url(self) -> str:
        netloc = f"{self._url.username}:{self._url.password or ''}@127.0.0.1:{self._port}"
        return urlunsplit(self._url._replace(netloc=netloc))

    async def listen(self) -> None:
        """Accept connections, at the same port every time."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """The database is gone: nothing listens, and what was open is reset."""
        if self._listener is not None:
            self._listener.close()
        self.reset()

    def reset(self) -> None:
        """Cut everything that is open."""
        for link in list(self._links):
            link.reset()

    def freeze(self) -> None:
        """Half-open: connections live, connects succeed, no byte passes."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def lose_next_reply(self) -> None:
        """The server carries out the next prepared statement; its answer never arrives."""
        self._lose_reply = True

    def lose_next_request(self) -> None:
        """The next prepared statement is cut off before the server has it."""
        self._lose_request = True

    async def close(self) -> None:
        self.refuse()
        self.thaw()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, server = await asyncio.open_connection(self._url.hostname, self._url.port)
        link = _Link(writer, server)
        self._links.add(link)
        for pump in (self._requests(reader, link), self._replies(upstream, link)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _requests(self, source: asyncio.StreamReader, link: _Link) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._flowing.wait()
                if data.startswith(_BIND):
                    self._begin(link)
                link.server.write(data)
        self._end(link)

    async def _replies(self, source: asyncio.StreamReader, link: _Link) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._flowing.wait()
                await asyncio.sleep(self.delay)
                if not link.swallows:
                    link.client.write(data)
                elif link.completes(data):
                    break
        self._end(link)

    def _begin(self, link: _Link) -> None:
        if self._lose_request:
            link.reset()
        link.swallows = self._lose_reply
        self._lose_request = self._lose_reply = False

    def _end(self, link: _Link) -> None:
        link.reset()
        self._links.discard(link)


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """A proxy before the server of this URL; the TLS-less kind."""
    proxy = Proxy(url)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.close()
