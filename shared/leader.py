"""One active instance per name: an advisory lock held by a connection of its own.

Correctness never rests on it (cursors and versions are checked by every append); it only saves
the work of doing everything several times.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.store.database import CONNECTION_LOST, connector
from shared.store.store import Store

_PAUSE = 1.0
_TAKE = "select pg_try_advisory_lock(hashtextextended($1, 0))"


@asynccontextmanager
async def leading(store: Store, name: str) -> AsyncIterator[None]:
    """Wait to be the one; leave it by leaving, or by losing the connection."""
    connection = await _elected(store.dsn, name)
    try:
        yield
    finally:
        connection.terminate()


async def _elected(dsn: str, name: str) -> asyncpg.Connection:
    while True:
        try:
            connection = await connector(dsn)()
            while not await connection.fetchval(_TAKE, name):  # noqa: ASYNC110  # the lock is remote
                await asyncio.sleep(_PAUSE)
        except CONNECTION_LOST:
            await asyncio.sleep(_PAUSE)
        else:
            return connection
