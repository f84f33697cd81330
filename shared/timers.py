"""Timers: rows armed and cancelled by events, taken when due by whichever instance is free.

A handler ends as commands. It may run twice where a process dies in between, so what it does must
bear repetition, as commands decided on the newest state do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from shared.store.database import CONNECTION_LOST
from shared.store.store import Store

Handler = Callable[[UUID], Awaitable[None]]

_LONGEST_SLEEP = 1.0
_LEASE = timedelta(seconds=30)
_log = structlog.get_logger("tocsin.timers")

_TAKE = """with due as (
    select stream, name, due_at from timers where due_at <= $1 and name = any($3::text[])
    order by due_at limit $4 for update skip locked)
update timers t set tries = t.tries + 1,
    due_at = $1::timestamptz + $2::interval * power(2, least(t.tries, 8))
from due where t.stream = due.stream and t.name = due.name
returning t.stream, t.name, t.due_at, due.due_at as was_due"""
_DONE = "delete from timers where stream = $1 and name = $2 and due_at = $3"
_NEXT = "select min(due_at) from timers where name = any($1::text[])"


class Timers:
    """Rings due timers; each name has one handler."""

    def __init__(self, store: Store, handlers: Mapping[str, Handler], *, batch: int = 100) -> None:
        self._store = store
        self._handlers = handlers
        self._names = list(handlers)
        self._batch = batch

    async def run(self) -> None:
        """Ring until cancelled."""
        while True:
            try:
                rung = await self.ring()
            except Exception as trouble:
                _log.warning("timers_wait", reason=repr(trouble))
                rung = 0
            if rung == 0:
                await asyncio.sleep(await self._until_next())

    async def ring(self) -> int:
        """Take what is due, at most a batch; answers how many.

        A taken timer is due again after a lease, and is gone once its handler has returned
        (unless the handler's own events armed it anew).
        """
        now = self._store.clock()
        taken = await self._store.pool.fetch(_TAKE, now, _LEASE, self._names, self._batch)
        await asyncio.gather(*(self._handle(row) for row in taken))
        return len(taken)

    async def _handle(self, row: asyncpg.Record) -> None:
        try:
            await self._handlers[row["name"]](row["stream"])
            await self._store.pool.execute(_DONE, row["stream"], row["name"], row["due_at"])
        except Exception as failure:
            stream = str(row["stream"])
            _log.error("timer_failed", stream=stream, name=row["name"], reason=repr(failure))

    async def _until_next(self) -> float:
        try:
            due = await self._store.pool.fetchval(_NEXT, self._names)
        except CONNECTION_LOST:
            return _LONGEST_SLEEP
        if due is None:
            return _LONGEST_SLEEP
        left: float = (due - self._store.clock()).total_seconds()
        return min(max(left, 0.005), _LONGEST_SLEEP)
