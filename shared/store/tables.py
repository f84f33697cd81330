"""Read models as version rows: how a service's tables take part in the append.

A versioned table has the columns of `version_columns()` and its own. Each event that touches a
row closes it (`to_position`) and opens the next (`from_position`), so the present is the rows
whose `to_position` is null and any past moment is a range condition. A plain table is upserted
by its primary key: for what has no past of its own (texts for search, copies of others' facts).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Uuid
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect


class Change(NamedTuple):
    """A row to open at the command's event number `at` (from 0).

    `until` is the number of the event that closes it again within the same command, or None;
    `closes` tells whether an earlier row is open. Plain tables only look at `values`.
    """

    values: tuple[Any, ...]
    at: int = 0
    until: int | None = None
    closes: bool = False


_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_encode = msgspec.json.Encoder().encode
_AS_TEXT = {"JSONB": "x.{}::jsonb", "BYTEA": "decode(x.{}, 'base64')"}
"""Types whose values come as text, and how they are read."""

KERNEL_COLUMNS = ("from_position", "to_position", "updated_at")


def version_columns() -> list[Column[Any]]:
    """The columns every versioned table begins with."""
    return [
        Column("id", Uuid, primary_key=True),
        Column("from_position", BigInteger, primary_key=True),
        Column("to_position", BigInteger),
        Column("version", Integer, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
    ]


@cache
def is_versioned(table: Table) -> bool:
    """Whether the table keeps its past."""
    return "from_position" in table.columns


def own_columns(table: Table) -> list[str]:
    """The columns a change supplies, in order: all but the kernel's and the generated ones."""
    return [c.name for c in table.columns if c.name not in KERNEL_COLUMNS and c.computed is None]


class TablePart(NamedTuple):
    """A table's share of the append statement; `${}` stands for the next parameter."""

    name: str
    sql: str
    columns: Sequence[str]
    versioned: bool

    def row(self, command: int, change: Change) -> dict[str, Any]:
        """One row of the parameter, by column."""
        row: dict[str, Any] = dict(zip(self.columns, change.values, strict=True))
        row["command"] = command
        if self.versioned:
            row["at"], row["until"], row["closes"] = change.at, change.until, change.closes
        return row


def table_parts(table: Table) -> TablePart:
    """How this table is written by the append."""
    columns = own_columns(table)
    if is_versioned(table):
        return TablePart(table.name, _versioned(table, columns), columns, True)
    return TablePart(table.name, _plain(table, columns), columns, False)


def rows_as_json(rows: list[dict[str, Any]]) -> str:
    """Rows as the one parameter of a table: the driver takes ten times as long for columns."""
    return _encode(rows).decode()


def _from_json(table: Table, columns: Sequence[str], more: str) -> str:
    kinds = ", ".join(map(" ".join, zip(columns, _kinds(table, columns), strict=True)))
    return f"json_to_recordset(${{}}::json) as x (command int, {more}{kinds})"


def _kinds(table: Table, columns: Sequence[str]) -> list[str]:
    compiled = (table.c[name].type.compile(_DIALECT) for name in columns)
    return ["text" if kind in _AS_TEXT else kind for kind in compiled]


def _select(table: Table, columns: Sequence[str]) -> str:
    kinds = (table.c[name].type.compile(_DIALECT) for name in columns)
    return ", ".join(
        _AS_TEXT.get(kind, "x.{}").format(n) for n, kind in zip(columns, kinds, strict=True)
    )


def _versioned(table: Table, columns: Sequence[str]) -> str:
    name = table.name
    source = _from_json(table, columns, "at int, until int, closes boolean, ")
    own = [c for c in columns if c != "created_at"]
    return f"""
{name}_rows as materialized (
    select x.*, won.positions[x.command] as first_position, won.recorded_at from won, {source}
    where won.positions[x.command] is not null),
{name}_closed as (
    update {name} t set to_position = x.first_position + x.at from {name}_rows x
    where x.closes and t.id = x.id and t.to_position is null),
{name}_opened as (
    insert into {name} (from_position, to_position, created_at, updated_at, {", ".join(own)})
    select x.first_position + x.at, x.first_position + x.until,
           coalesce(x.created_at, x.recorded_at), x.recorded_at, {_select(table, own)}
    from {name}_rows x)"""


def _plain(table: Table, columns: Sequence[str]) -> str:
    name = table.name
    keys = [c.name for c in table.primary_key.columns]
    rest = [c for c in columns if c not in keys]
    update = ", ".join(f"{c} = excluded.{c}" for c in rest)
    action = f"do update set {update}" if rest else "do nothing"
    source = _from_json(table, columns, "")
    return f"""
{name}_stored as (
    insert into {name} ({", ".join(columns)})
    select {_select(table, columns)} from won, {source}
    where won.positions[x.command] is not null
    on conflict ({", ".join(keys)}) {action})"""
