"""Reading the log: one stream, a page in commit order, or where it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.codec import decode
from shared.domain import Event

COLUMNS = (
    "position, event_id, originator_id, originator_version, topic, schema_version, state, "
    "actor, correlation_id, causation_id, command_id, traceparent, recorded_at"
)


class Recorded(NamedTuple):
    """A stored event with its whole envelope."""

    position: int
    event_id: UUID
    originator_id: UUID
    originator_version: int
    topic: str
    schema_version: int
    state: bytes
    actor: str
    correlation_id: UUID
    causation_id: UUID | None
    command_id: UUID
    traceparent: str | None
    recorded_at: datetime

    @property
    def event(self) -> Event:
        """The event itself; personal fields stay sealed."""
        return decode(self.topic, self.schema_version, self.state, self.originator_version)


class Head(NamedTuple):
    """Where a log stands; `now` is the database's clock."""

    log: UUID
    position: int
    recorded_at: datetime
    now: datetime


class Wanted(NamedTuple):
    """A stream, how much of it is known already, and the shape its snapshots must have."""

    stream: UUID
    after: int
    shape: str


class Tail(NamedTuple):
    """What a stream holds beyond what is known: perhaps a snapshot, then events."""

    snapshot: tuple[int, bytes] | None
    events: list[Recorded]


_HEAD = "select id, position, greatest(recorded_at, 'epoch'), now() from log"
_STREAM = f"""select {COLUMNS} from events where originator_id = $1
    and originator_version > $2 and originator_version <= $3 order by originator_version limit $4"""
_PAGE = f"""select {COLUMNS} from events where position > $1 and position <= $2
    order by position limit $3"""
_TOPIC_PAGE = f"""select {COLUMNS} from events where position > $1 and position <= $2
    and topic = any($4::text[]) order by position limit $3"""
_TAILS = f"""
with wanted as (select * from unnest($1::uuid[], $2::int[], $3::text[])
                with ordinality as w (id, after, shape, ord)),
found as (select w.ord, w.id, w.after, s.* from wanted w left join lateral (
    select s.originator_version as at, s.shape, s.state from snapshots s
    where s.originator_id = w.id and s.shape = w.shape and w.after = 0 offset 0) s on true)
select f.ord, true as snapshot, 0 as position, null::uuid as event_id, f.id as originator_id,
       f.at as originator_version, f.shape as topic, 0::smallint as schema_version, f.state,
       '' as actor, null::uuid as correlation_id, null::uuid as causation_id,
       null::uuid as command_id, null::text as traceparent, null::timestamptz as recorded_at
from found f where f.at is not null
union all
select f.ord, false, e.* from found f cross join lateral (
    select {COLUMNS} from events e where e.originator_id = f.id
    and e.originator_version > coalesce(f.at, f.after) offset 0) e
order by 1, 2 desc, 6"""
# `offset 0`: one look by key for each stream, whatever the planner knows of a young database


class LogReader:
    """Plain reads of one service's log."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def head(self) -> Head:
        """The log's identity, newest position and its recorded time."""
        row = await self._pool.fetchrow(_HEAD)
        return Head(*row)

    async def stream(
        self, stream: UUID, *, after: int = 0, until: int = 2**31 - 1, limit: int | None = None
    ) -> list[Recorded]:
        """One stream's events with after < version <= until, oldest first."""
        rows = await self._pool.fetch(_STREAM, stream, after, until, limit)
        return [Recorded(*row) for row in rows]

    async def page(
        self,
        after: int,
        *,
        until: int = 2**63 - 1,
        limit: int = 1_000,
        topics: Sequence[str] | None = None,
    ) -> list[Recorded]:
        """Events with after < position <= until, in commit order; only these topics if given."""
        if topics is None:
            rows = await self._pool.fetch(_PAGE, after, until, limit)
        else:
            rows = await self._pool.fetch(_TOPIC_PAGE, after, until, limit, list(topics))
        return [Recorded(*row) for row in rows]

    async def streams(self, ids: Sequence[UUID]) -> list[list[Recorded]]:
        """The events of each of these streams, whole."""
        tails = await self.tails([Wanted(id, 0, "") for id in ids]) if ids else []
        return [tail.events for tail in tails]

    async def tails(self, wanted: Sequence[Wanted]) -> list[Tail]:
        """The rest of each stream; a snapshot only where nothing of it is known."""
        tails = [Tail(None, []) for _ in wanted]
        columns = [list(column) for column in zip(*wanted, strict=True)]
        for row in await self._pool.fetch(_TAILS, *columns):
            if row[1]:
                tails[row[0] - 1] = Tail((row[5], row[8]), [])
            else:
                tails[row[0] - 1].events.append(Recorded(*row[2:]))
        return tails

    async def position_at(self, moment: datetime) -> int:
        """The newest position recorded at or before this moment; 0 before the first."""
        found: int = await self._pool.fetchval("select position_at($1)", moment)
        return found
