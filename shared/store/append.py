"""One command's writes, and the one statement that stores a batch of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Table

from shared.store.tables import Change, table_part
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


_Numbered = Sequence[tuple[int, Append]]
"""The commands of a batch, from 1: what they write is told apart by that."""

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
    from told)
"""
"""One row: a losing command has no position in it, so nothing of it is stored."""
_KEYS = """
keys_stored as (
    insert into vault.personal_keys (id, subjects, wrapped, master, created_at)
    select k.id, string_to_array(k.subjects, e'\\x1f'), k.wrapped, ${}, won.recorded_at
    from won, unnest(${}::int[], ${}::uuid[], ${}::text[], ${}::bytea[])
         as k (command, id, subjects, wrapped)
    where won.positions[k.command] is not null)"""
_CANCELLED = """
timers_cancelled as (
    delete from timers t
    using won, unnest(${}::int[], ${}::uuid[], ${}::text[]) as c (command, stream, name)
    where won.positions[c.command] is not null and t.stream = c.stream and t.name = c.name)"""
_ARMED = """
timers_armed as (
    insert into timers (stream, name, due_at)
    select a.stream, a.name, a.due_at
    from won, unnest(${}::int[], ${}::uuid[], ${}::text[], ${}::timestamptz[])
         as a (command, stream, name, due_at)
    where won.positions[a.command] is not null
    on conflict (stream, name) do update set due_at = excluded.due_at, tries = 0)"""


class AppendStatement:
    """The batch append of a service: what a batch writes, in one statement.

    Only the parts that a batch needs are in its statement: each costs the server its share.
    """

    def __init__(self, tables: Sequence[Table], master_id: str) -> None:
        self._tables = {table.name: table_part(table) for table in tables}
        self._master_id = master_id
        self._made: dict[tuple[str, ...], str] = {}

    @property
    def session(self) -> str:
        """What a connection is told once, before its first statement."""
        return ";".join(part.row_type for part in self._tables.values())

    def of(self, batch: Sequence[Append], clock: datetime) -> tuple[str, list[Any]]:
        """The statement for this batch, and its parameters."""
        numbered = list(enumerate(batch, 1))
        parts = [*self._kernel_parts(numbered), *self._table_parts(numbered)]
        written = tuple(sql for sql, _ in parts)
        statement = self._made.get(written)
        if statement is None:
            statement = self._made[written] = _statement(written)
        arguments = _call(batch, numbered, clock)
        for _, more in parts:
            arguments += more
        return statement, arguments

    def _kernel_parts(self, numbered: _Numbered) -> Iterator[tuple[str, list[Any]]]:
        if any(command.keys for _, command in numbered):
            yield _KEYS, [self._master_id, *_keys(numbered)]
        changes = [(n, t) for n, c in numbered for t in c.timers.values()]
        if cancelled := [(n, t.stream, t.name) for n, t in changes if t.due_at is None]:
            yield _CANCELLED, _columns(3, cancelled)
        if armed := [(n, *t) for n, t in changes if t.due_at is not None]:
            yield _ARMED, _columns(4, armed)

    def _table_parts(self, numbered: _Numbered) -> Iterator[tuple[str, list[Any]]]:
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for n, command in numbered:
            for name, written in command.changes.items():
                part = self._tables[name]
                rows.setdefault(name, []).extend(part.row(n, change) for change in written)
        for name in sorted(rows):
            yield self._tables[name].sql, [rows[name]]


def _statement(parts: Sequence[str]) -> str:
    call = ", ".join(f"${n}::{kind}" for n, kind in enumerate(_CALL_TYPES, 1))
    told = f"told as materialized (select * from append_commands({call}))"
    counter = iter(range(len(_CALL_TYPES) + 1, 10_000))
    more = [_WON, *(_numbered(part, counter) for part in parts)] if parts else []
    answer = "select command, outcome, first_position, recorded_at from told"
    return f"with {', '.join([told, *more])} {answer}"


def _call(batch: Sequence[Append], numbered: _Numbered, clock: datetime) -> list[Any]:
    """What `append_commands` is given, one column array after another."""
    arguments: list[Any] = [clock, *_commands(batch)]
    arguments += _columns(3, ((n, s, v) for n, c in numbered for s, v in c.expected.items()))
    arguments += _columns(9, ((n, *e) for n, c in numbered for e in c.events))
    arguments += _columns(7, ((n, *c.key) for n, c in numbered if c.key))
    arguments += _columns(6, ((n, *c.cursor) for n, c in numbered if c.cursor))
    return arguments


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


def _keys(numbered: _Numbered) -> list[list[Any]]:
    rows = (
        (n, key.id, "\x1f".join(key.subjects), key.wrapped) for n, c in numbered for key in c.keys
    )
    return _columns(4, rows)
