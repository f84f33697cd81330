"""Whether the clocks have been kept as far as a metric asks: they follow the log by a moment."""

import asyncio

from shared.errors import NotCaughtUp
from shared.store.store import Store

_PATIENCE = 5.0
_PAUSE = 0.05
_KEPT = "select coalesce(max(position), 0) from cursors where name = 'clocks'"


async def have_seen(store: Store, position: int) -> None:
    """Wait, at most five seconds, until the clocks are kept up to here. Raises NotCaughtUp."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while await store.pool.fetchval(_KEPT) < position:
        if loop.time() > deadline:
            raise NotCaughtUp(f"the clocks are not kept up to position {position} yet; try again")
        await asyncio.sleep(_PAUSE)
