"""Read models as version rows: how a service's tables take part in the append.

A versioned table has the columns of `version_columns()` and its own. Each event that touches a
row closes it (`to_position`) and opens the next (`from_position`), so the present is the rows
whose `to_position` is null and any past moment is a range condition. A plain table is upserted
by its primary key: for what has no past of its own (texts for search, copies of others' facts).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

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
    """A table's share of the append statement.

    `row_type` makes, for one session, the type of the rows that its one parameter is an array of;
    in `sql`, `${}` stands for that parameter.
    """

    row_type: str
    sql: str
    is_versioned: bool

    def row(self, command: int, change: Change) -> tuple[Any, ...]:
        """One row of the parameter."""
        if self.is_versioned:
            return (command, change.at, change.until, change.closes, *change.values)
        return (command, *change.values)


def table_part(table: Table) -> TablePart:
    """How this table is written by the append."""
    own = own_columns(table)
    if is_versioned(table):
        more = ("command int", "at int", "until int", "closes boolean")
        return TablePart(_row_type(table, more, own), _versioned(table, own), True)
    return TablePart(_row_type(table, ("command int",), own), _plain(table, own), False)


def _row_type(table: Table, more: Sequence[str], columns: Sequence[str]) -> str:
    """A type of the session, not of the database: a column added meanwhile harms no writer."""
    own = (f"{name} {table.c[name].type.compile(_DIALECT)}" for name in columns)
    return f"create type pg_temp.{table.name}_row as ({', '.join((*more, *own))})"


def _source(table: Table) -> str:
    return f"unnest(${{}}::pg_temp.{table.name}_row[]) as x"


def _select(columns: Sequence[str]) -> str:
    return ", ".join(f"x.{name}" for name in columns)


def _versioned(table: Table, columns: Sequence[str]) -> str:
    name = table.name
    own = [c for c in columns if c != "created_at"]
    return f"""
{name}_rows as materialized (
    select x.*, won.positions[x.command] as first_position, won.recorded_at
    from won, {_source(table)}
    where won.positions[x.command] is not null),
{name}_closed as (
    update {name} t set to_position = x.first_position + x.at from {name}_rows x
    where x.closes and t.id = x.id and t.to_position is null),
{name}_opened as (
    insert into {name} (from_position, to_position, created_at, updated_at, {", ".join(own)})
    select x.first_position + x.at, x.first_position + x.until,
           coalesce(x.created_at, x.recorded_at), x.recorded_at, {_select(own)}
    from {name}_rows x)"""


def _plain(table: Table, columns: Sequence[str]) -> str:
    name = table.name
    keys = [c.name for c in table.primary_key.columns]
    rest = [c for c in columns if c not in keys]
    update = ", ".join(f"{c} = excluded.{c}" for c in rest)
    action = f"do update set {update}" if rest else "do nothing"
    return f"""
{name}_stored as (
    insert into {name} ({", ".join(columns)})
    select {_select(columns)} from won, {_source(table)}
    where won.positions[x.command] is not null
    on conflict ({", ".join(keys)}) {action})"""
