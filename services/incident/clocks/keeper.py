"""Keeps the rows and the timers of clocks: follows the service's own log, one page at a time.

Beside the log, not in the append: what a clock says depends on when its event was recorded, and
on a policy that no command has to read. A page's rows, its timers and the cursor are one
transaction, so a crash loses nothing, and a rebuild makes the same rows again.
"""

import asyncio
import time

import asyncpg
import structlog

from services.incident.clocks.book import POLICY, Book
from services.incident.clocks.calendar import moment_at
from services.incident.clocks.pages import TABLE, Taken, take_page
from services.incident.clocks.rows import TIMER
from shared.leader import leading
from shared.policy import policy_stream
from shared.store.store import Store

_NAME = "clocks"
_REST = 0.05  # so that a busy log is read in pages
_REST_WHEN_IDLE = 2  # times as long as a page has taken
_REST_WHEN_BUSY = 39  # commands come first
_BUSY = 0.5  # of a second's processor time in a second
_LONG_WAIT = 20.0
_PAUSE = 1.0
_log = structlog.get_logger("tocsin.clocks")

_CURSOR = "select position from cursors where name = $1 for update"
_PLACE = "select position from cursors where name = $1"
_BEGIN = """insert into cursors (name, position, updated_at) values ($1, 0, now())
    on conflict do nothing"""
_MOVE = "update cursors set position = $2, updated_at = now() where name = $1"
_HEAD = "select position from log"
_ARM = """insert into timers (stream, name, due_at)
    select x.stream, $3, x.due_at from unnest($1::uuid[], $2::timestamptz[]) as x (stream, due_at)
    on conflict (stream, name) do update set due_at = excluded.due_at, tries = 0"""
_CANCEL = "delete from timers where stream = any($1::uuid[]) and name = $2"


class Keeper:
    """One of the service's instances keeps the rows, the others stand by."""

    name = _NAME

    def __init__(self, store: Store) -> None:
        self.trouble: str | None = None
        self._store = store
        self._book = Book(policy_stream("incident", POLICY))
        self._position = 0
        self._load = _Load()

    async def run(self) -> None:
        """Keep them until cancelled."""
        while True:
            async with leading(self._store, "clocks"):
                while True:
                    await self._turn()

    async def step(self) -> int:
        """Take in one page of the log; answers how many events it held."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            await connection.execute(_BEGIN, _NAME)
            start = await connection.fetchval(_CURSOR, _NAME)
            head = await connection.fetchval(_HEAD)
            taken = await take_page(connection, self._book, start, head)
            await _set_timers(connection, taken)
            if taken.end > start:
                await connection.execute(_MOVE, _NAME, taken.end)
        self._position = taken.end
        return taken.events

    async def _turn(self) -> None:
        began = time.monotonic()
        try:
            if not await self.step():
                await self._store.pulse.beyond(self._position, _LONG_WAIT)
                began = time.monotonic()
            times = _REST_WHEN_BUSY if self._load.now() > _BUSY else _REST_WHEN_IDLE
            self.trouble = None
            await asyncio.sleep(max(_REST, times * (time.monotonic() - began)))
        except Exception as trouble:
            self.trouble = str(trouble) or type(trouble).__name__
            _log.warning("clocks_wait", reason=repr(trouble))
            await asyncio.sleep(_PAUSE)


class _Load:
    """How much of the processor this thread, and so its event loop, has used lately."""

    def __init__(self) -> None:
        self._last = (time.monotonic(), time.thread_time())

    def now(self) -> float:
        """The part of the time since this was last asked: 0 to 1."""
        (before, used), self._last = self._last, (time.monotonic(), time.thread_time())
        return (self._last[1] - used) / max(self._last[0] - before, 1e-9)


class KeptRows:
    """What a rebuild does with the rows: the same again, as far as they had come."""

    tables = (TABLE,)

    async def lock(self, connection: asyncpg.Connection) -> None:
        """Let no instance keep them meanwhile."""
        await connection.execute(_BEGIN, _NAME)
        await connection.execute(_CURSOR, _NAME)

    async def replay(self, connection: asyncpg.Connection) -> int:
        """Write them into the emptied table; answers how many there are."""
        book, start, rows = Book(policy_stream("incident", POLICY)), 0, 0
        end = await connection.fetchval(_PLACE, _NAME) or 0
        while start < end:
            taken = await take_page(connection, book, start, end)
            start, rows = taken.end, rows + taken.rows
        return rows


async def _set_timers(connection: asyncpg.Connection, taken: Taken) -> None:
    if taken.armed:
        due = [moment_at(at) for at in taken.armed.values()]
        await connection.execute(_ARM, list(taken.armed), due, TIMER)
    if taken.cancelled:
        await connection.execute(_CANCEL, list(taken.cancelled), TIMER)
