"""Look-ups of one moment become one query: what is asked while a query runs goes into the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Gather(Generic[Q, A]):
    """Coalesces concurrent questions; `fetch` answers a list of them in order."""

    def __init__(self, fetch: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._fetch = fetch
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._task: asyncio.Task[None] | None = None

    def ask(self, question: Q) -> asyncio.Future[A]:
        """The answer to one question, when it comes."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return future

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:200], self._waiting[200:]
            try:
                answers = await self._fetch([question for question, _ in batch])
            except Exception as failure:
                _settle(batch, [failure] * len(batch))
            else:
                _settle(batch, answers)
        self._task = None


def _settle(batch: Sequence[tuple[Q, asyncio.Future[A]]], answers: Sequence[A | Exception]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
