"""What is known here of the known errors that problems are behind of, and of what came back.

Those of a problem's duplicates are its own.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.problem.facts import facts_stream

_BEHIND = """with recursive family (id) as (
        select $1::uuid union
        select p.id from problems p join family f on p.duplicate_of = f.id where {p})
    select k.id, k.number, k.status, k.fixed from known_errors k join family f on k.problem = f.id
    where {k} order by k.number"""
_OF_MANY = """select k.problem, array_agg(k.status) from known_errors k
    where k.problem = any($1::uuid[]) and {k} group by k.problem"""
_FURTHEST = ("published", "draft", "superseded", "retired")


class KnownErrorNow(NamedTuple):
    """A known error; `fixed`: it is marked to stay, a fix being there."""

    id: UUID
    number: int
    status: str
    fixed: bool

    @property
    def stands(self) -> bool:
        """Whether it still waits for its end: neither superseded, retired nor marked."""
        return self.status == "draft" or (self.status == "published" and not self.fixed)


async def behind(
    pool: asyncpg.Pool, problem: UUID, position: int | None = None
) -> list[KnownErrorNow]:
    """The known errors of a problem, now or as they were at a position."""
    sql = _BEHIND.format(p=_moment("p", position), k=_moment("k", position))
    return [KnownErrorNow(*row) for row in await pool.fetch(sql, problem)]


async def recurrences(pool: asyncpg.Pool, problem: UUID, position: int | None = None) -> list[UUID]:
    """The incidents that came back after a problem's fix, now or as known at a position."""
    sql = "select r.incidents from problem_recurrences r where {} and r.id = $1"
    found = await pool.fetchval(sql.format(_moment("r", position)), facts_stream(problem))
    return [UUID(each) for each in found or ()]


async def furthest(
    pool: asyncpg.Pool, problems: Collection[UUID], position: int | None
) -> dict[UUID, str]:
    """Of each of these problems with known errors, how far the furthest of them is."""
    sql = _OF_MANY.format(k=_moment("k", position))
    rows: Sequence[asyncpg.Record] = await pool.fetch(sql, list(problems))
    return {problem: min(statuses, key=_FURTHEST.index) for problem, statuses in rows}


def _moment(table: str, position: int | None) -> str:
    if position is None:
        return f"{table}.to_position is null"
    return (
        f"{table}.from_position <= {position} "
        f"and ({table}.to_position is null or {table}.to_position > {position})"
    )
