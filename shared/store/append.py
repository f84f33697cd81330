"""One command's writes, and the one statement that stores a batch of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Table

from shared.store.tables import Change, rows_as_json, table_parts
from shared.vault import NewKey

Outcome = Literal["appended", "already", "conflict", "key_taken", "behind"]


class NewEvent(NamedTuple):
    """An event about to be stored; version is its place in the stream, from 1."""

    id: UUID
    stream: UUID
    version: int
    topic: str
    schema_version: int
    state: bytes
    correlation_id: UUID
    causation_id: UUID | None


class IdempotencyKey(NamedTuple):
    """The promise to answer a repeated request alike; `stream` and `version` tell what with."""

    scope: str
    value: str
    digest: bytes
    stream: UUID
    version: int
    detail: str | None = None


class CursorMove(NamedTuple):
    """A follower's step: refused unless the cursor stands at `start`."""

    name: str
    log: UUID | None
    start: int
    end: int
    hash: str


class TimerChange(NamedTuple):
    """Arm a stream's named timer, or cancel it where `due_at` is None."""

    stream: UUID
    name: str
    due_at: datetime | None


class Append(msgspec.Struct, kw_only=True):
    """All that one command writes: in the log together, or not at all."""

    command_id: UUID
    actor: str
    traceparent: str | None = None
    expected: dict[UUID, int] = {}  # version of every stream the command was decided on
    events: list[NewEvent] = []
    key: IdempotencyKey | None = None
    cursor: CursorMove | None = None
    keys: list[NewKey] = []
    timers: dict[tuple[UUID, str], TimerChange] = {}
    changes: dict[str, list[Change]] = {}  # by read-model table

    def written(self) -> set[UUID]:
        """The streams that gain events."""
        return {event.stream for event in self.events}


class Appended(NamedTuple):
    """How one command fared. `first_position` is that of its first event."""

    outcome: Outcome
    first_position: int | None
    recorded_at: datetime | None


_CALL_TYPES = [
    "timestamptz",
    *"uuid[] text[] text[]".split(),  # commands
    *"int[] uuid[] int[]".split(),  # expected versions
    *"int[] uuid[] uuid[] int[] text[] smallint[] bytea[] uuid[] uuid[]".split(),  # events
    *"int[] text[] text[] bytea[] uuid[] int[] text[]".split(),  # idempotency keys
    *"int[] text[] uuid[] bigint[] bigint[] text[]".split(),  # cursors
]
_WON = """won as materialized (
    select max(recorded_at) filter (where outcome = 'appended') as recorded_at,
           array_agg(case when outcome = 'appended' then first_position end order by command)
               as positions
    from told),
"""
"""One row: a losing command has no position in it, so nothing of it is stored."""
_KERNEL_PARTS = """
keys_stored as (
    insert into vault.personal_keys (id, subjects, wrapped, master, created_at)
    select k.id, string_to_array(k.subjects, e'\\x1f'), k.wrapped, ${}, won.recorded_at
    from won, unnest(${}::int[], ${}::uuid[], ${}::text[], ${}::bytea[])
         as k (command, id, subjects, wrapped)
    where won.positions[k.command] is not null),
timers_cancelled as (
    delete from timers t
    using won, unnest(${}::int[], ${}::uuid[], ${}::text[]) as c (command, stream, name)
    where won.positions[c.command] is not null and t.stream = c.stream and t.name = c.name),
timers_armed as (
    insert into timers (stream, name, due_at)
    select a.stream, a.name, a.due_at
    from won, unnest(${}::int[], ${}::uuid[], ${}::text[], ${}::timestamptz[])
         as a (command, stream, name, due_at)
    where won.positions[a.command] is not null
    on conflict (stream, name) do update set due_at = excluded.due_at, tries = 0)"""


class AppendStatement:
    """The batch append of a service: kernel tables and these read models, in one statement."""

    def __init__(self, tables: Sequence[Table], master_id: str) -> None:
        self._tables = {table.name: table_parts(table) for table in tables}
        self._master_id = master_id
        self.sql = self._build()

    def _build(self) -> str:
        call = ", ".join(f"${n}::{kind}" for n, kind in enumerate(_CALL_TYPES, 1))
        counter = iter(range(len(_CALL_TYPES) + 1, 10_000))
        parts = [_numbered(_KERNEL_PARTS, counter)]
        parts += [_numbered(part.sql, counter) for part in self._tables.values()]
        return (
            f"with told as materialized (select * from append_commands({call})),\n"
            + _WON
            + ",\n".join(parts)
            + "\nselect command, outcome, first_position, recorded_at from told"
        )

    def arguments(self, batch: Sequence[Append], clock: datetime) -> list[Any]:
        """The statement's parameters, one column array after another."""
        numbered = list(enumerate(batch, 1))
        arguments: list[Any] = [clock, *_commands(batch)]
        arguments += _columns(3, ((n, s, v) for n, c in numbered for s, v in c.expected.items()))
        arguments += _columns(9, ((n, *e) for n, c in numbered for e in c.events))
        arguments += _columns(7, ((n, *c.key) for n, c in numbered if c.key))
        arguments += _columns(6, ((n, *c.cursor) for n, c in numbered if c.cursor))
        arguments += [self._master_id, *_keys(numbered)]
        changes = [(n, t) for n, c in numbered for t in c.timers.values()]
        arguments += _columns(3, ((n, t.stream, t.name) for n, t in changes if t.due_at is None))
        arguments += _columns(4, ((n, *t) for n, t in changes if t.due_at is not None))
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in self._tables}
        for n, command in numbered:
            for name, written in command.changes.items():
                rows[name] += [self._tables[name].row(n, change) for change in written]
        return [*arguments, *map(rows_as_json, rows.values())]


def _numbered(sql: str, numbers: Iterator[int]) -> str:
    pieces = sql.split("${}")
    return pieces[0] + "".join(f"${next(numbers)}{piece}" for piece in pieces[1:])


def _columns(width: int, rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]


def _commands(batch: Sequence[Append]) -> list[list[Any]]:
    return [
        [c.command_id for c in batch],
        [c.actor for c in batch],
        [c.traceparent for c in batch],
    ]


def _keys(numbered: Sequence[tuple[int, Append]]) -> list[list[Any]]:
    rows = (
        (n, key.id, "\x1f".join(key.subjects), key.wrapped) for n, c in numbered for key in c.keys
    )
    return _columns(4, rows)
