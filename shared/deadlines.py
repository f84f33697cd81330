"""Times that run out: all are looked after together, some times a second.

A timer of its own for each request would cost as much as many a request does.
"""

import asyncio
from functools import lru_cache
from typing import Protocol

NEVER = float("inf")
_LOOK_SECONDS = 0.1


class Deadline(Protocol):
    """What is to be done when its time, by the loop's clock, is over."""

    due: float

    def strike(self) -> None:
        """The time is over."""


class Deadlines:
    """Those of everything under way in one event loop; each may be up to 0.1 s late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: set[Deadline] = set()
        self._looks = False

    def watch(self, deadline: Deadline) -> None:
        """Strike when it is due; its time may be changed until then."""
        self._running.add(deadline)
        if not self._looks:
            self._looks = True
            self._loop.call_later(_LOOK_SECONDS, self._look)

    def forget(self, deadline: Deadline) -> None:
        """It has been kept."""
        self._running.discard(deadline)

    def _look(self) -> None:
        now = self._loop.time()
        for deadline in [d for d in self._running if d.due <= now]:
            self._running.discard(deadline)
            deadline.strike()
        self._looks = bool(self._running)
        if self._looks:
            self._loop.call_later(_LOOK_SECONDS, self._look)


@lru_cache(maxsize=4)
def deadlines_of(loop: asyncio.AbstractEventLoop) -> Deadlines:
    """The deadlines of this loop."""
    return Deadlines(loop)


class TaskDeadline:
    """The time that the task which makes it has left; then it is cancelled."""

    __slots__ = ("_is_over", "_loop", "_task", "due")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._task = asyncio.current_task(loop)
        self._is_over = False
        self.restart(seconds)

    def pause(self) -> None:
        """Its time does not run while it waits for somebody else."""
        self.due = NEVER

    def restart(self, seconds: float) -> None:
        """It has so much time from now."""
        self.due = self._loop.time() + seconds

    def strike(self) -> None:
        """Cancel the task."""
        if self._task is not None:
            self._is_over = True
            self._task.cancel()

    def was_missed(self) -> bool:
        """Whether this, and nothing else, is why the task was cancelled just now."""
        return self._is_over and self._task is not None and self._task.uncancel() == 0
