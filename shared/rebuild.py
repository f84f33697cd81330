"""Read models made anew from the log, row by row as they were written; or compared with it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import asyncpg
from sqlalchemy import Table

from shared.aggregate import Aggregate, Folded
from shared.event_view import opened, sealed_in
from shared.store.reader import COLUMNS, Recorded
from shared.store.tables import is_versioned, own_columns
from shared.vault import Vault

_CHUNK = 2_000
_LOCK = "select position from log for update"


class Rebuilt(NamedTuple):
    """What a rebuild did; `differences` counts rows that were not as the log says, by table."""

    events: int
    rows: int
    differences: dict[str, int]


class Follows(Protocol):
    """Read models that follow the log beside the appends."""

    @property
    def tables(self) -> Sequence[str]:
        """Their names."""
        ...

    async def lock(self, connection: asyncpg.Connection) -> None:
        """Hold up whoever writes them, before the tables are touched."""
        ...

    async def replay(self, connection: asyncpg.Connection) -> int:
        """Write the emptied tables again, as far as they had come; answers how many rows."""
        ...


class Replayed(NamedTuple):
    """By topic, the aggregates whose events write these tables (and nothing else does)."""

    aggregates: Mapping[str, Aggregate[Any, Any]]
    tables: Sequence[Table]
    follows: Sequence[Follows] = ()


class Rebuild:
    """Replays one service's log into its read models, in one transaction."""

    def __init__(self, replayed: Replayed, vault: Vault) -> None:
        self._aggregates = replayed.aggregates
        self._tables = {table.name: table for table in replayed.tables}
        self._follows = replayed.follows
        self._names = [*self._tables, *(name for each in replayed.follows for name in each.tables)]
        self._vault = vault

    async def run(self, dsn: str, *, keep: bool = True) -> Rebuilt:
        """Make the tables anew, while readers and writers wait; without `keep` only tell how
        they differ from the log, as both are at one moment: nobody waits for that.
        """
        connection = await asyncpg.connect(dsn)
        try:
            await _take_json_as_text(connection)
            begin = self._emptied if keep else self._beside
            async with connection.transaction(isolation=None if keep else "repeatable_read"):
                return await self._replayed(connection, await begin(connection))
        finally:
            await connection.close()

    async def _emptied(self, connection: asyncpg.Connection) -> Mapping[str, str]:
        """Take away what the tables hold; answers where it is, for each."""
        await connection.execute(_LOCK)
        for each in self._follows:
            await each.lock(connection)
        for name in self._names:
            await connection.execute(
                f"create temporary table was_{name} on commit drop as table {name}"
            )
            await connection.execute(f"truncate {name}")
        return {name: f"was_{name}" for name in self._names}

    async def _beside(self, connection: asyncpg.Connection) -> Mapping[str, str]:
        """Make empty tables of the same names, which this session meets first; answers where
        those are that stay.
        """
        schema = await connection.fetchval("select quote_ident(current_schema())")
        for name in self._names:
            like = f"like {schema}.{name} including generated including defaults including indexes"
            await connection.execute(f"create temporary table {name} ({like}) on commit drop")
        return {name: f"{schema}.{name}" for name in self._names}

    async def _replayed(self, connection: asyncpg.Connection, before: Mapping[str, str]) -> Rebuilt:
        events = rows = 0
        replay = _Replay(self._aggregates, self._vault)
        async for chunk in _chunks(connection, list(self._aggregates)):
            await self._vault.load_from(
                connection.fetch, (v for r in chunk for v in sealed_in(r.event))
            )
            replay.take(chunk)
            events += len(chunk)
            rows += await self._copy(connection, replay.finished())
        rows += await self._copy(connection, replay.rest())
        rows += sum([await each.replay(connection) for each in self._follows])
        found = {name: await _differences(connection, name, was) for name, was in before.items()}
        return Rebuilt(events, rows, found)

    async def _copy(
        self, connection: asyncpg.Connection, rows: Mapping[str, Sequence[tuple[Any, ...]]]
    ) -> int:
        for name, records in rows.items():
            columns = _columns(self._tables[name])
            await connection.copy_records_to_table(name, records=records, columns=columns)
        return sum(map(len, rows.values()))


class _Replay:
    """Folds streams, one after the other, into rows."""

    def __init__(self, aggregates: Mapping[str, Aggregate[Any, Any]], vault: Vault) -> None:
        self._aggregates = aggregates
        self._vault = vault
        self._folded: Folded[Any] | None = None
        self._open: dict[tuple[str, Any], tuple[Any, ...]] = {}
        self._done: dict[str, list[tuple[Any, ...]]] = {}

    def take(self, events: Sequence[Recorded]) -> None:
        """Replay events ordered by stream and version."""
        for recorded in events:
            if self._folded is None or self._folded.stream != recorded.originator_id:
                self._end_stream()
                initial = self._aggregates[recorded.topic].initial
                self._folded = Folded(recorded.originator_id, initial)
            self._take(self._folded, recorded)

    def finished(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows that are complete, once."""
        done, self._done = self._done, {}
        return done

    def rest(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of the last stream."""
        self._end_stream()
        return self.finished()

    def _take(self, before: Folded[Any], recorded: Recorded) -> None:
        aggregate, event = self._aggregates[recorded.topic], recorded.event
        after = Folded(
            before.stream,
            aggregate.evolve(before.state, event),
            recorded.originator_version,
            recorded.position,
            before.created_at or recorded.recorded_at,
            recorded.recorded_at,
        )
        self._folded = after
        for row in aggregate.rows(after, opened(self._vault, before.stream, event)):
            self._replace(row.table, row.values, recorded)

    def _replace(self, table: Table, values: tuple[Any, ...], recorded: Recorded) -> None:
        key = (table.name, values[0])
        if is_versioned(table):
            if (earlier := self._open.get(key)) is not None:
                self._finish(table.name, (*earlier[:-2], recorded.position, earlier[-1]))
            values = (*values, recorded.position, None, recorded.recorded_at)
        self._open[key] = values

    def _end_stream(self) -> None:
        for (table, _), values in self._open.items():
            self._finish(table, values)
        self._open.clear()

    def _finish(self, table: str, values: tuple[Any, ...]) -> None:
        self._done.setdefault(table, []).append(values)


async def _take_json_as_text(connection: asyncpg.Connection) -> None:
    """A row's JSON values are texts; COPY is binary, where jsonb begins with its version."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda text: b"\x01" + text.encode(),
        decoder=lambda data: data[1:].decode(),
        format="binary",
    )


def _columns(table: Table) -> list[str]:
    kernel = ["from_position", "to_position", "updated_at"] if is_versioned(table) else []
    return [*own_columns(table), *kernel]


async def _chunks(
    connection: asyncpg.Connection, topics: Sequence[str]
) -> AsyncIterator[list[Recorded]]:
    query = f"""select {COLUMNS} from events where topic = any($1::text[])
        order by originator_id, originator_version"""
    cursor = await connection.cursor(query, topics)
    while rows := await cursor.fetch(_CHUNK):
        yield [Recorded(*row) for row in rows]


async def _differences(connection: asyncpg.Connection, table: str, was: str) -> int:
    both = f"""(table {table} except all table {was})
        union all (table {was} except all table {table})"""
    found: int = await connection.fetchval(f"select count(*) from ({both}) d")
    return found
