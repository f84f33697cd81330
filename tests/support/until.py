"""Waiting for what another task brings about; the test's own time limit ends it otherwise."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Return once this is so."""
    while not await holds():  # noqa: ASYNC110  # what is waited for happens elsewhere
        await asyncio.sleep(0.01)
