"""How far the clocks are kept: they follow the log by a moment, under load by more."""

import asyncio

from shared.effective import Instant
from shared.errors import NotCaughtUp
from shared.store.store import Store

_PATIENCE = 2.0
_PAUSE = 0.05
_KEPT = "select coalesce(max(position), 0) from cursors where name = 'clocks'"


async def kept_by(store: Store, instant: Instant, *, exactly: bool) -> Instant:
    """This instant, once the clocks are kept up to it, at most two seconds later.

    Otherwise the newest one that they are kept up to, or where `exactly` this one is asked for:
    raises NotCaughtUp.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while (kept := await store.pool.fetchval(_KEPT)) < instant.position:
        if loop.time() > deadline and not exactly:
            return instant._replace(position=kept)
        if loop.time() > deadline:
            raise NotCaughtUp(f"clocks are kept up to position {kept} by now; try again")
        await asyncio.sleep(_PAUSE)
    return instant
