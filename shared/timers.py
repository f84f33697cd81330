"""Timers: rows armed and cancelled by events, taken when due by whichever instance is free.

A handler ends as commands. It may run twice where a process dies in between, so what it does must
bear repetition, as commands decided on the newest state do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from shared.store.database import CONNECTION_LOST
from shared.store.gather import Gather
from shared.store.store import Store

_Rung = tuple[UUID, str, datetime]
Handler = Callable[[UUID], Awaitable[None]]

_LONGEST_SLEEP = 1.0
_MAKE_ROOM = 0.02
_LEASE = timedelta(seconds=30)
_log = structlog.get_logger("tocsin.timers")

_TAKE = """with due as (
    select stream, name, due_at from timers where due_at <= $1 and name = any($3::text[])
    order by due_at limit $4 for update skip locked)
update timers t set tries = t.tries + 1,
    due_at = $1::timestamptz + $2::interval * power(2, least(t.tries, 8))
from due where t.stream = due.stream and t.name = due.name
returning t.stream, t.name, t.due_at, due.due_at as was_due"""
_DONE = """delete from timers t using unnest($1::uuid[], $2::text[], $3::timestamptz[])
    as d (stream, name, due_at)
    where t.stream = d.stream and t.name = d.name and t.due_at = d.due_at"""
_NEXT = "select min(due_at) from timers where name = any($1::text[])"


class Timers:
    """Rings due timers; each name has one handler."""

    def __init__(self, store: Store, handlers: Mapping[str, Handler], *, batch: int = 100) -> None:
        self._store = store
        self._handlers = handlers
        self._names = list(handlers)
        self._batch = batch
        self._under_way: set[asyncio.Task[None]] = set()
        self._done: Gather[_Rung, None] = Gather(self._delete)

    async def run(self) -> None:
        """Ring until cancelled; a handler that takes its time holds up nobody."""
        try:
            while True:
                await self._step()
        finally:
            for task in self._under_way:
                task.cancel()

    async def _step(self) -> None:
        self._store.bell.listen()
        try:
            taken = await self._taken(self._batch - len(self._under_way))
        except Exception as trouble:
            _log.warning("timers_wait", reason=repr(trouble))
            taken = []
        for row in taken:
            task = asyncio.create_task(self._handle(row))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if not taken:
            await self._store.bell.heard_within(await self._until_next())
        while len(self._under_way) > self._batch // 2:
            await asyncio.wait(self._under_way, timeout=_MAKE_ROOM)
            if len(self._under_way) < self._batch:
                return

    async def ring(self) -> int:
        """Take what is due, at most a batch; answers how many.

        A taken timer is due again after a lease, and is gone once its handler has returned
        (unless the handler's own events armed it anew).
        """
        taken = await self._taken(self._batch)
        await asyncio.gather(*(self._handle(row) for row in taken))
        return len(taken)

    async def _taken(self, most: int) -> list[asyncpg.Record]:
        now = self._store.clock()
        return list(await self._store.pool.fetch(_TAKE, now, _LEASE, self._names, most))

    async def _handle(self, row: asyncpg.Record) -> None:
        try:
            await self._handlers[row["name"]](row["stream"])
            await self._done.ask((row["stream"], row["name"], row["due_at"]))
        except Exception as failure:
            stream = str(row["stream"])
            _log.error("timer_failed", stream=stream, name=row["name"], reason=repr(failure))

    async def _delete(self, rung: Sequence[_Rung]) -> Sequence[None]:
        await self._store.pool.execute(_DONE, *map(list, zip(*rung, strict=True)))
        return [None] * len(rung)

    async def _until_next(self) -> float:
        try:
            due = await self._store.pool.fetchval(_NEXT, self._names)
        except CONNECTION_LOST:
            return _LONGEST_SLEEP
        if due is None:
            return _LONGEST_SLEEP
        left: float = (due - self._store.clock()).total_seconds()
        return min(max(left, 0.005), _LONGEST_SLEEP)
