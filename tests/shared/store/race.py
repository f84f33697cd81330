"""A race for late commits: transactions pause, roll back and are killed while readers page."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from shared.store.append import AppendStatement
from tests.shared.store.appends import command

NAIVE = """create table naive (position bigserial primary key, events int not null);
    grant select, insert on naive to tocsin_app; grant usage on naive_position_seq to tocsin_app"""
_KILL = "select pg_terminate_backend($1, 5000)"
_STATEMENT = AppendStatement([], "")

Insert = Callable[[asyncpg.Connection, int], Coroutine[Any, Any, list[int]]]


async def append(connection: asyncpg.Connection, count: int) -> list[int]:
    """The production append of one command, within the caller's transaction."""
    statement, arguments = _STATEMENT.of([command(count=count)], datetime.now(UTC))
    (row,) = await connection.fetch(statement, *arguments)
    assert row["outcome"] == "appended"
    return list(range(row["first_position"], row["first_position"] + count))


async def insert_naively(connection: asyncpg.Connection, count: int) -> list[int]:
    """What everybody writes first: positions from a bare sequence."""
    query = "insert into naive (events) select 1 from generate_series(1, $1) returning position"
    return [row[0] for row in await connection.fetch(query, count)]


@dataclass
class Race:
    """What was acknowledged, and what each reader saw, in its order."""

    url: str
    insert: Insert
    table: str
    chance: random.Random
    committed: list[int] = field(default_factory=list)
    seen: list[list[int]] = field(default_factory=list)
    killer: asyncpg.Connection | None = None
    one_killing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, *, writers: int = 8, turns: int = 20, readers: int = 3) -> None:
        self.killer = await asyncpg.connect(self.url)
        over = asyncio.Event()
        reading = [asyncio.create_task(self._read(over)) for _ in range(readers)]
        await asyncio.gather(*(self._write(turns) for _ in range(writers)))
        over.set()
        await asyncio.gather(*reading)
        await self.killer.close()

    def skipped(self) -> int:
        return sum(len(set(self.committed) - set(positions)) for positions in self.seen)

    async def _write(self, turns: int) -> None:
        connection = await asyncpg.connect(self.url)
        for _ in range(turns):
            if connection.is_closed():
                connection = await asyncpg.connect(self.url)
            await self._turn(connection)
        await connection.close()

    async def _turn(self, connection: asyncpg.Connection) -> None:
        transaction = connection.transaction()
        await transaction.start()
        positions = await self.insert(connection, self.chance.randint(1, 4))
        await asyncio.sleep(self.chance.random() * 0.008)
        fate = self.chance.random()
        if fate < 0.15:
            await transaction.rollback()
        elif fate < 0.22:
            await self._kill(connection)
        else:
            await transaction.commit()
            self.committed += positions

    async def _kill(self, connection: asyncpg.Connection) -> None:
        assert self.killer is not None
        async with self.one_killing:
            await self.killer.fetch(_KILL, connection.get_server_pid())
        connection.terminate()

    async def _read(self, over: asyncio.Event) -> None:
        connection = await asyncpg.connect(self.url)
        mine: list[int] = []
        self.seen.append(mine)
        while True:
            last = over.is_set()
            page = await self._page(connection, mine[-1] if mine else 0)
            mine += page
            if last and not page:
                break
            await asyncio.sleep(self.chance.random() * 0.002)
        await connection.close()

    async def _page(self, connection: asyncpg.Connection, after: int) -> Sequence[int]:
        query = f"select position from {self.table} where position > $1 order by 1 limit 20"
        return [row[0] for row in await connection.fetch(query, after)]
