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
    """Wait to be the one; what is done inside ends where the connection, the lock, is lost."""
    connection = await _elected(store.dsn, name)
    lead = asyncio.timeout(None)
    try:
        async with lead:

            def lost(_: object) -> None:
                lead.reschedule(0)

            connection.add_termination_listener(lost)
            try:
                yield
            finally:
                connection.remove_termination_listener(lost)
    except TimeoutError:
        if not lead.expired():
            raise
    finally:
        connection.terminate()


async def _elected(dsn: str, name: str) -> asyncpg.Connection:
    while True:
        try:
            connection = await connector(dsn)()
        except CONNECTION_LOST:
            await asyncio.sleep(_PAUSE)
            continue
        if await _has_won(connection, name):
            return connection
        await asyncio.sleep(_PAUSE)


async def _has_won(connection: asyncpg.Connection, name: str) -> bool:
    """Stand by until the lock is ours; False where the connection is lost before."""
    won = False
    try:
        while not await connection.fetchval(_TAKE, name):  # noqa: ASYNC110  # the lock is remote
            await asyncio.sleep(_PAUSE)
        won = True
    except CONNECTION_LOST:
        pass
    finally:
        if not won:
            connection.terminate()
    return won
