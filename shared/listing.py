"""Lists over version rows: filtered, sorted, paged by key, of the present or of any past position.

The first page is of the present (or of `as_of`); its position is pinned, so that the pages after
it show the list as it was then, whatever is written meanwhile.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import asyncpg
import msgspec

_PRECISE_COUNT = 1_000
_ESTIMATE_SECONDS = 30.0


class Sort(NamedTuple):
    """An order: a not-null SQL expression, the SQL type of its values, newest or largest first?"""

    expression: str
    kind: str
    descending: bool


class Place(NamedTuple):
    """Where the next page begins: behind this sort value and id."""

    value: Any
    id: str


class Slice(NamedTuple):
    """What is asked for. `position` is None for the present; `conditions` are (SQL, value)."""

    conditions: Sequence[tuple[str, Any]]
    sort: str
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
    _estimates: dict[Any, tuple[float, int]] = field(default_factory=dict)

    async def page(self, pool: asyncpg.Pool, wanted: Slice) -> Page:
        """One page; the total only comes with the first."""
        arguments: list[Any] = []
        sql = self._sql(wanted, arguments)
        rows = await pool.fetch(sql, *arguments)
        position: int = rows[0]["at_position"]
        found = [row for row in rows if row["id"] is not None]
        total = found and rows[0]["total"] if wanted.after is None else None
        if total and total > _PRECISE_COUNT:
            total = await self._estimate(pool, wanted)
        more = len(found) > wanted.limit
        found = found[: wanted.limit]
        following = Place(found[-1]["sorted_by"], str(found[-1]["id"])) if more else None
        return Page(found, position, following, total or 0 if wanted.after is None else None)

    def _sql(self, wanted: Slice, arguments: list[Any]) -> str:
        sort = self.sorts[wanted.sort]
        where = _conditions(wanted.conditions, arguments)
        behind = self._behind(sort, wanted.after, arguments)
        order = (
            f"order by sorted_by {_direction(sort)}, id {_direction(sort)} limit {wanted.limit + 1}"
        )
        moments = _moments(wanted.position)
        parts = [
            f"(select t.*, {sort.expression} as sorted_by from {self.table} t "
            f"where {moment}{where}{behind} {order})"
            for moment in moments
        ]
        each = " union all ".join(f"select 1 from {self.table} t where {m}{where}" for m in moments)
        counted = f"select count(*) from ({each} limit {_PRECISE_COUNT + 1}) c"
        total = "null::bigint" if wanted.after else f"({counted})"
        position = "h.position" if wanted.position is None else str(wanted.position)
        return (
            f"select {position} as at_position, {total} as total, u.* from log h left join "
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

    async def _estimate(self, pool: asyncpg.Pool, wanted: Slice) -> int:
        key = (wanted.position, tuple(map(repr, wanted.conditions)))
        known = self._estimates.get(key)
        if known is not None and time.monotonic() - known[0] < _ESTIMATE_SECONDS:
            return known[1]
        arguments: list[Any] = []
        where = _conditions(wanted.conditions, arguments)
        moment = _moments(wanted.position)[0]
        plan = await pool.fetchval(
            f"explain (format json) select 1 from {self.table} t where {moment}{where}", *arguments
        )
        estimate = max(msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"], _PRECISE_COUNT)
        if len(self._estimates) > 1_000:
            self._estimates.clear()
        self._estimates[key] = (time.monotonic(), estimate)
        return int(estimate)


def _moments(position: int | None) -> list[str]:
    """Conditions for rows true at a position: the still open ones, and those closed since."""
    if position is None:
        return ["t.to_position is null"]
    return [
        f"t.to_position is null and t.from_position <= {position}",
        f"t.to_position > {position} and t.from_position <= {position}",
    ]


def _conditions(conditions: Iterable[tuple[str, Any]], arguments: list[Any]) -> str:
    sql = ""
    for condition, value in conditions:
        arguments.append(value)
        sql += " and " + condition.format(f"${len(arguments)}")
    return sql


def _direction(sort: Sort) -> str:
    return "desc" if sort.descending else "asc"
