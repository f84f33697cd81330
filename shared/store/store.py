"""A service's event store: its log, its writer, its vault and what they share."""

import asyncio
import gc
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from shared.clock import Clock
from shared.clock import now as present
from shared.draft import Draft
from shared.store.append import Append, AppendStatement
from shared.store.bell import Bell
from shared.store.database import connector, open_pool
from shared.store.gather import Gather
from shared.store.pulse import Pulse
from shared.store.reader import LogReader, Tail, Wanted
from shared.store.writer import Writer
from shared.vault import Vault

_SELDOM = (10_000, 20, 50)
"""The garbage collector's thresholds: by default it walks our caches several times a second,
a quarter of all the time under load, and finds nothing."""


class UsedKey(NamedTuple):
    """What a used idempotency key stands for."""

    digest: bytes
    command_id: UUID
    stream: UUID
    version: int
    detail: str | None


_KEY = """select digest, command_id, stream, version, detail from idempotency
    where scope = $1 and key = $2"""
_SNAPSHOT = """insert into snapshots as s (originator_id, originator_version, shape, state)
    values ($1, $2, $3, $4) on conflict (originator_id)
    do update set originator_version = $2, shape = $3, state = $4
    where s.originator_version < $2 or s.shape <> $3"""


class Store:
    """Opened once a process; every part of a service that touches the database shares it."""

    def __init__(
        self, dsn: str, pool: asyncpg.Pool, vault: Vault, writer: Writer, clock: Clock
    ) -> None:
        self.dsn = dsn
        self.pool = pool
        self.vault = vault
        self.writer = writer
        self.clock = clock
        self.pulse = Pulse(pool)
        self.bell = Bell(clock)
        self.log = LogReader(pool)
        self.tails: Gather[Wanted, Tail] = Gather(self.log.tails)
        self._later: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls, dsn: str, *, tables: Sequence[Table], vault: Vault, clock: Clock = present
    ) -> "Store":
        """Open the store of the database at this address (`postgresql://…`).

        `tables` are the service's read models, written in the transaction of their events.
        """
        gc.set_threshold(*_SELDOM)
        pool = await open_pool(dsn)
        writer = Writer(connector(dsn), AppendStatement(tables, vault.master_id), clock)
        store = cls(dsn, pool, vault, writer, clock)
        writer.grown = store.pulse.beat
        writer.stored = store._stored
        return store

    def _stored(self, command: Append) -> None:
        self.vault.stored(command.keys)
        if command.timers:
            self.bell.armed(command.timers.values())

    async def close(self) -> None:
        """Finish what is under way and disconnect."""
        await self.writer.close()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self.pool.close()

    def draft(self, *, actor: str, **envelope: Any) -> Draft:
        """A fresh unit of work of this actor."""
        return Draft(self.vault, self.clock, actor=actor, **envelope)

    async def used_key(self, scope: str, value: str) -> UsedKey | None:
        """What this idempotency key was used for, if it was."""
        row = await self.pool.fetchrow(_KEY, scope, value)
        return UsedKey(*row) if row else None

    async def save_snapshot(self, stream: UUID, version: int, shape: str, state: bytes) -> None:
        """Keep a folded state so that the next cold load is short; the newest one stays."""
        await self.pool.execute(_SNAPSHOT, stream, version, shape, state)

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do this in the background; nothing depends on its success."""
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._later.discard(task)
        if not task.cancelled():
            task.exception()
