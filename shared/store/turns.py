"""One at a time: whoever names the same thing waits, and nothing is kept where nobody does."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

_NOBODY: nullcontext[None] = nullcontext()


class Turns:
    """Locks by name, which last only as long as somebody holds them or waits."""

    def __init__(self) -> None:
        self._turns: dict[object, _Turn] = {}

    def of(self, what: object) -> AbstractAsyncContextManager[None]:
        """Wait for one's turn at this thing; None is nothing to wait for. Enter it at once."""
        if what is None:
            return _NOBODY
        return self._turns.get(what) or self._turns.setdefault(what, _Turn(self._turns, what))


class _Turn(AbstractAsyncContextManager[None]):
    """A class: a generator's context manager costs several times as much."""

    def __init__(self, turns: "dict[object, _Turn]", what: object) -> None:
        self._turns = turns
        self._what = what
        self._lock = asyncio.Lock()
        self._users = 0

    async def __aenter__(self) -> None:
        self._users += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *failure: object) -> None:
        self._lock.release()
        self._leave()

    def _leave(self) -> None:
        self._users -= 1
        if self._users == 0:
            del self._turns[self._what]
