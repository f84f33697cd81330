"""The sightings in the database: written with the facts they come from, read in their order."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.problem.trends.sighting import Sighting, microseconds, traits_of

_COLUMNS = """position, event, told_at, incident, number, title, at, service, item, category,
    subcategory, impact, urgency, counts, quiet"""
_PAGE = 1_000
_AT_ONCE = 200  # all rules look at each of them before requests have their turn again
_NEXT = f"""select {_COLUMNS} from trend_sightings
    where position > $1 and position <= $2 and (not quiet or $3) order by position limit $4"""
_NEWEST = f"""select {_COLUMNS} from (
        select distinct on (incident) {_COLUMNS} from trend_sightings
        where position > $1 and position <= $2 and not quiet order by incident, position desc) s
    order by position"""
_UNTIL = """select coalesce(max(position), 0) from trend_sightings
    where $1::timestamptz is null or told_at <= $1"""


def row_of(sighting: Sighting) -> tuple[Any, ...]:
    """As a row of SIGHTINGS."""
    s = sighting
    return (
        s.position, s.event, s.told_at, s.incident, s.number, s.title, s.at,
        *s.traits[:4], s.impact, s.urgency, s.counts, s.quiet,
    )  # fmt: skip


def _sighting(row: Any) -> Sighting:
    title, at, service, item, category, subcategory, impact, urgency, counts, quiet = row[5:]
    traits = traits_of(title, service, item, category, subcategory)
    when = microseconds(at)
    first: tuple[int, UUID, datetime, UUID, str] = row[:5]
    return Sighting(*first, title, at, traits, impact, urgency, counts, quiet, when)


async def told(
    pool: asyncpg.Pool, after: int, until: int, *, imported: bool
) -> AsyncIterator[list[Sighting]]:
    """All sightings behind a position up to another, in pages; imported history where wanted."""
    while rows := await pool.fetch(_NEXT, after, until, imported, _PAGE):
        page = [_sighting(row) for row in rows]
        after = page[-1].position
        yield page


async def newest(pool: asyncpg.Pool, after: int, until: int) -> AsyncIterator[Sighting]:
    """Of each incident that is not imported history, how it was seen last; in the feed's order."""
    async with pool.acquire() as connection, connection.transaction():
        cursor = await connection.cursor(_NEWEST, after, until)
        while rows := await cursor.fetch(_AT_ONCE):
            for row in rows:
                yield _sighting(row)


async def last_position(pool: asyncpg.Pool, by: datetime | None = None) -> int:
    """Of the newest sighting, or of the newest that was told by then; 0 where there is none."""
    found: int = await pool.fetchval(_UNTIL, by)
    return found
