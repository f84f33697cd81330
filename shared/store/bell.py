"""Wakes whoever waits for the next timer when an earlier one is armed in this process."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from shared.clock import Clock
from shared.store.append import TimerChange

_SOON = timedelta(seconds=2)


class Bell:
    """Rings for timers that are due soon; those of other processes are found by looking."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def armed(self, timers: Iterable[TimerChange]) -> None:
        """These are in the database."""
        for timer in timers:
            if timer.due_at is not None and timer.due_at - self._clock() < _SOON:
                self._rung.set()

    def listen(self) -> None:
        """From now on it counts."""
        self._rung.clear()

    async def heard_within(self, seconds: float) -> bool:
        """Whether it has rung since `listen`; waits for that, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        return True
