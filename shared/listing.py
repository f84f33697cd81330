"""Lists over version rows: filtered, sorted, paged by key, of the present or of any past position.

The first page is of the present (or of `as_of`); its position is pinned, so that the pages after
it show the list as it was then, whatever is written meanwhile.
"""

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import asyncpg
import msgspec

_PRECISE_COUNT = 1_000
_ONE_OF = re.compile(r"= any\(\{\}::(\w+)\[\]\)$")
_TOTAL_SECONDS = 30.0
_LONG_SECONDS = 0.005

Condition = tuple[str, Any]
"""SQL over `t`, and the value for each hole `{}` in it; without one the value is not used."""


class Sort(NamedTuple):
    """An order: a not-null SQL expression, the SQL type of its values, newest or largest first?

    An expression with a hole `{}` needs the argument that fills it.
    """

    expression: str
    kind: str
    descending: bool
    argument: Any = None

    def bound(self, arguments: list[Any]) -> "Sort":
        """With its hole, if it has one, filled by a parameter."""
        if "{}" not in self.expression:
            return self
        arguments.append(self.argument)
        return self._replace(expression=self.expression.format(f"${len(arguments)}"))


class Place(NamedTuple):
    """Where the next page begins: behind this sort value and id."""

    value: Any
    id: str


class Slice(NamedTuple):
    """What is asked for. `position` is None for the present."""

    conditions: Sequence[Condition]
    sort: str | Sort
    limit: int
    position: int | None = None
    after: Place | None = None


class Page(NamedTuple):
    """Rows of the table, the position they are true at, and where the next page begins."""

    rows: list[asyncpg.Record]
    position: int
    next: Place | None
    total: int | None


@dataclass
class Listing:
    """A versioned table that is listed."""

    table: str
    sorts: dict[str, Sort]
    _totals: dict[Any, tuple[float, int]] = field(default_factory=dict)

    async def page(self, pool: asyncpg.Pool, wanted: Slice) -> Page:
        """One page; the total only comes with the first."""
        arguments: list[Any] = []
        sql = self._sql(wanted, arguments)
        rows = await pool.fetch(sql, *arguments)
        position: int = rows[0]["at_position"]
        found = [row for row in rows if row["id"] is not None]
        more = len(found) > wanted.limit
        found = found[: wanted.limit]
        following = Place(found[-1]["sorted_by"], str(found[-1]["id"])) if more else None
        total = None
        if wanted.after is None:
            total = await self._total(pool, wanted) if more else len(found)
        return Page(found, position, following, total)

    def _sql(self, wanted: Slice, arguments: list[Any]) -> str:
        known = wanted.sort if isinstance(wanted.sort, Sort) else self.sorts[wanted.sort]
        sort = known.bound(arguments)
        where = where_of(wanted.conditions, arguments, wanted.position)
        behind = self._behind(sort, wanted.after, arguments)
        order = (
            f"order by sorted_by {_direction(sort)}, id {_direction(sort)} limit {wanted.limit + 1}"
        )
        parts = [
            f"(select t.*, {sort.expression} as sorted_by from {self.table} t "
            f"where {moment}{where}{behind} {order})"
            for moment in moments(wanted.position)
        ]
        position = "h.position" if wanted.position is None else str(wanted.position)
        return (
            f"select {position} as at_position, u.* from log h left join "
            f"({' union all '.join(parts)} {order if len(parts) > 1 else ''}) u on true "
            f"order by u.sorted_by {_direction(sort)}, u.id {_direction(sort)}"
        )

    def _behind(self, sort: Sort, after: Place | None, arguments: list[Any]) -> str:
        if after is None:
            return ""
        arguments += [after.value, after.id]
        sign = "<" if sort.descending else ">"
        n = len(arguments)
        return (
            f" and ({sort.expression}, t.id) {sign} (${n - 1}::text::{sort.kind}, ${n}::text::uuid)"
        )

    async def _total(self, pool: asyncpg.Pool, wanted: Slice) -> int:
        """How many there are beyond one page; what takes long to count is a moment old."""
        key = (id(pool), wanted.position, tuple(map(repr, wanted.conditions)))
        now = time.monotonic()
        until, total = self._totals.get(key, (0.0, 0))
        if until < now:
            total = await self._counted(pool, wanted)
            if len(self._totals) > 1_000:
                self._totals.clear()
            if total >= _PRECISE_COUNT or time.monotonic() - now > _LONG_SECONDS:
                self._totals[key] = (now + _TOTAL_SECONDS, total)
        return max(total, wanted.limit + 1)

    async def _counted(self, pool: asyncpg.Pool, wanted: Slice) -> int:
        arguments: list[Any] = []
        where = where_of(wanted.conditions, arguments, wanted.position)
        each = [
            f"select 1 from {self.table} t where {moment}{where}"
            for moment in moments(wanted.position)
        ]
        precise = f"select count(*) from ({' union all '.join(each)} limit {_PRECISE_COUNT + 1}) c"
        total: int = await pool.fetchval(precise, *arguments)
        if total <= _PRECISE_COUNT:
            return total
        plan = await pool.fetchval(f"explain (format json) {each[0]}", *arguments)
        return max(int(msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"]), _PRECISE_COUNT)


def moments(position: int | None) -> list[str]:
    """Conditions for rows true at a position: the still open ones, and those closed since."""
    if position is None:
        return ["t.to_position is null"]
    return [
        f"t.to_position is null and t.from_position <= {position}",
        f"t.to_position > {position} and t.from_position <= {position}",
    ]


def where_of(
    conditions: Iterable[Condition], arguments: list[Any], position: int | None = None
) -> str:
    """These conditions, each after an `and`; their values join the arguments.

    `{then}` in one says that a row of another versioned table, `beside`, is of the same moment.
    """
    then = "beside.to_position is null"
    if position is not None:
        known = f"beside.from_position <= {position}"
        then = f"{known} and ({then} or beside.to_position > {position})"
    sql = ""
    for condition, value in map(_simplest, conditions):
        if "{}" in condition or "{0}" in condition:
            arguments.append(value)
        hole = f"${len(arguments)}"
        told = condition.replace("{then}", then)
        sql += " and " + told.replace("{}", hole).replace("{0}", hole)
    return sql


def _simplest(condition: Condition) -> Condition:
    """`= any` of one value as `=`: only then does an index give the rows in the list's order."""
    sql, value = condition
    if isinstance(value, list) and len(value) == 1 and (found := _ONE_OF.search(sql)):
        return f"{sql[: found.start()]}= {{}}::{found[1]}", value[0]
    return condition


def _direction(sort: Sort) -> str:
    return "desc" if sort.descending else "asc"
