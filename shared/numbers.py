"""Human numbers such as INC-1: drawn from a sequence, each once, and found again."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.errors import NotFound
from shared.recent import Recent
from shared.store.gather import Gather

_REMEMBERED = 20_000


class Numbering(NamedTuple):
    """How things of a kind are numbered: `prefix`-1 and so on, in a versioned table.

    Where many ask at once, so many numbers more are drawn `ahead`; a few of these stay unused when
    a process ends.
    """

    what: str
    prefix: str
    table: str
    sequence: str
    ahead: int = 0


class Numbers:
    """The numbers of one kind of thing."""

    def __init__(self, pool: asyncpg.Pool, of: Numbering) -> None:
        self._pool = pool
        self._of = of
        self._asked: Gather[None, int] = Gather(self._draw)
        self._stock: deque[int] = deque()
        self._ids: Recent[int, UUID] = Recent(_REMEMBERED)

    async def next(self) -> int:
        """A number that nothing else has."""
        return self._stock.popleft() if self._stock else await self._asked.ask(None)

    async def several(self, count: int) -> list[int]:
        """The same for so many things."""
        draw = f"select nextval('{self._of.sequence}') from generate_series(1, $1)"
        return [row[0] for row in await self._pool.fetch(draw, count)]

    async def find(self, reference: str) -> UUID:
        """The id of what is named by id or number. Raises NotFound."""
        start = len(self._of.prefix) + 1
        number = reference[start:]
        named = reference[:start].upper() == f"{self._of.prefix}-"
        if named and number.isascii() and number.isdigit():
            return await self._by_number(int(number))
        try:
            return UUID(reference)
        except ValueError:
            raise NotFound(f"there is no such {self._of.what}") from None

    async def _by_number(self, number: int) -> UUID:
        known = self._ids.get(number)
        if known is None:
            find = f"select id from {self._of.table} where number = $1 and to_position is null"
            known = await self._pool.fetchval(find, number) if number < 2**63 else None
            if known is None:
                raise NotFound(f"there is no such {self._of.what}")
            self._ids[number] = known
        return known

    async def _draw(self, questions: Sequence[None]) -> Sequence[int]:
        asked = len(questions)
        ahead = self._of.ahead if asked > 1 else 0
        drawn = await self.several(asked + ahead)
        self._stock.extend(drawn[asked:])
        return drawn[:asked]
