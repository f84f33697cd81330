"""Group commit: whatever has gathered while one append commits goes into the next.

A command waits for nobody when the log is idle. Commands that touch the same stream or use the
same idempotency key never share a batch. A batch that fails as a whole (one row the database
cannot take) is repeated one command at a time, so only the culprit hears of it. A reply lost
with its connection is asked for again: the append knows its own commands (`already`).
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
from asyncpg.exceptions import PostgresError

from shared.clock import Clock
from shared.errors import Unavailable
from shared.store.append import Append, Appended, AppendStatement
from shared.store.database import CONNECTION_LOST

_MOST = 128
_PREPARED = 64
_BY_KEY = """set plan_cache_mode = force_generic_plan; set jit = off;
    set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off"""
"""The append reaches every row by its key, whatever the planner knows of a young database."""

_Entry = tuple[Append, asyncio.Future[Appended]]


class Writer:
    """Appends the commands of one process through one connection of its own."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        statement: AppendStatement,
        clock: Clock,
        *,
        patience: float = 2.0,
    ) -> None:
        self._connect = connect
        self._statement = statement
        self._clock = clock
        self._patience = patience
        self.grown: Callable[[int], None] = lambda position: None
        self.stored: Callable[[Append], None] = lambda command: None
        self._waiting: list[_Entry] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self._prepared: dict[str, asyncpg.prepared_stmt.PreparedStatement] = {}
        self._head = 0
        self._planned_at = 0

    async def append(self, command: Append) -> Appended:
        """Store a command; answers how it fared. Raises Unavailable when the database is gone."""
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await future

    async def close(self) -> None:
        """Finish what is under way, then let the connection go."""
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._drop()

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._flush(batch)
            except Exception as failure:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(failure)
        self._task = None

    def _next_batch(self) -> list[_Entry]:
        written: set[object] = set()
        read: set[object] = set()
        batch: list[_Entry] = []
        rest: list[_Entry] = []
        for entry in self._waiting:
            command = entry[0]
            writes = command.written() | ({command.key[:2]} if command.key else set())
            mentions = writes | command.expected.keys()
            if len(batch) >= _MOST or writes & read or mentions & written:
                rest.append(entry)
            else:
                batch.append(entry)
            written |= writes
            read |= mentions
        self._waiting = rest
        return batch

    async def _flush(self, batch: list[_Entry]) -> None:
        try:
            answers = await self._store([command for command, _ in batch])
        except PostgresError:
            if len(batch) == 1:
                raise
            for entry in batch:
                await self._flush_alone(entry)
            return
        for (command, future), answer in zip(batch, answers, strict=True):
            if answer.first_position is not None:
                self._head = max(self._head, answer.first_position + len(command.events) - 1)
                self.grown(self._head)
                self.stored(command)
            if not future.done():
                future.set_result(answer)

    async def _flush_alone(self, entry: _Entry) -> None:
        try:
            await self._flush([entry])
        except Exception as failure:
            if not entry[1].done():
                entry[1].set_exception(failure)

    async def _store(self, commands: list[Append]) -> list[Appended]:
        """The batch's answers in order; repeated over lost connections for a while."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        pause = 0.02
        while True:
            try:
                statement, arguments = self._statement.of(commands, self._clock())
                rows = await (await self._ready(statement)).fetch(*arguments)
                return [Appended(*row[1:]) for row in sorted(rows, key=lambda row: row[0])]
            except CONNECTION_LOST as lost:
                await self._drop()
                if loop.time() + pause > deadline:
                    raise Unavailable("the database cannot be reached; try again") from lost
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.5)

    async def _ready(self, statement: str) -> asyncpg.prepared_stmt.PreparedStatement:
        if self._connection is None:
            connection = await self._connect()
            await connection.execute(f"{_BY_KEY};{self._statement.session}")
            self._connection = connection
        elif self._head > 2 * self._planned_at:
            await self._connection.execute("discard plans")  # made for a much smaller log
            self._planned_at = self._head
        prepared = self._prepared.get(statement)
        if prepared is None:
            while len(self._prepared) >= _PREPARED:
                self._prepared.pop(next(iter(self._prepared)))
            prepared = self._prepared[statement] = await self._connection.prepare(statement)
        return prepared

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._prepared.clear()
        if connection is not None:
            connection.terminate()
