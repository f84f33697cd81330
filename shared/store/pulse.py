"""Tells waiting readers that the log has grown: at once within a process, soon across processes.

Nothing is sent inside the append (a NOTIFY there would serialise every commit of the server);
a look at the log's one head row, only while somebody waits, is the truth.
"""

import asyncio

import asyncpg

_EVERY = 0.25
_HEAD = "select position from log"


class Pulse:
    """The newest position, as far as this process knows."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._grown = asyncio.Event()
        self.position = 0

    def beat(self, position: int) -> None:
        """Something was appended, up to this position."""
        if position > self.position:
            self.position = position
            self._grown.set()
            self._grown = asyncio.Event()

    async def beyond(self, position: int, seconds: float) -> bool:
        """Wait, at most so many seconds, for an event behind this position."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.position <= position:
            self.beat(await self._pool.fetchval(_HEAD))
            left = deadline - loop.time()
            if self.position <= position and left <= 0:
                return False
            if self.position <= position:
                await _wait(self._grown, min(left, _EVERY))
        return True


async def _wait(news: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return
