"""What a service forgets in time: idempotency records after 72 hours, tickets once expired."""

import asyncio

import structlog

from shared.store.database import CONNECTION_LOST
from shared.store.store import Store

_EVERY = 3600.0
_FORGET = (
    "delete from idempotency where recorded_at < now() - interval '72 hours'",
    "delete from stream_tickets where expires_at < now() - interval '1 minute'",
)
_log = structlog.get_logger("tocsin.housekeeping")


async def keep_house(store: Store) -> None:
    """Forget once an hour, until cancelled."""
    while True:
        try:
            await forget(store)
        except CONNECTION_LOST as trouble:
            _log.warning("housekeeping_waits", reason=repr(trouble))
        await asyncio.sleep(_EVERY)


async def forget(store: Store) -> None:
    """Forget what is old enough now."""
    for statement in _FORGET:
        await store.pool.execute(statement)
