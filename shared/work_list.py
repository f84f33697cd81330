"""Commands on more streams than one append should hold: a list of pieces, done one by one.

The list is stored with the events that call for it, so it exists exactly if they do. Any instance
takes its next pieces; a crash costs nothing but the pieces under way, which are taken again after
a lease. A step's order carries an idempotency key, so its effect is stored once. A piece that the
rules refuse stays on the list with the reason; what fails otherwise is tried again.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid

from shared.errors import Refused
from shared.ledger import Key, Order
from shared.store.store import Store
from shared.work import Work

Step = Callable[[Order, UUID], Awaitable[object]]
"""One piece of a list: a command given with this order, because of what the list is about."""

_PAUSE = 1.0
_LEASE = timedelta(seconds=30)
_log = structlog.get_logger("tocsin.work_list")
_METADATA = MetaData()

WORK_LISTS = Table(
    "work_lists",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("about", Uuid, nullable=False),
    Column("total", Integer, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
)
WORK_ITEMS = Table(
    "work_items",
    _METADATA,
    Column("stream", Uuid, primary_key=True),
    Column("list", Uuid, primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
)

_TAKE = """with due as (
    select i.stream, i.list, l.kind, l.about from work_items i join work_lists l on l.id = i.list
    where i.due_at <= $1 and i.refused is null and l.kind = any($3::text[])
    order by i.due_at, i.list, i.stream limit $4 for update of i skip locked)
update work_items w set tries = w.tries + 1,
    due_at = $1::timestamptz + $2::interval * power(2, least(w.tries, 8))
from due where w.stream = due.stream and w.list = due.list
returning w.stream, w.list, due.kind, due.about"""
_DONE = "delete from work_items where stream = $1 and list = $2"
_REFUSED = "update work_items set refused = $3 where stream = $1 and list = $2"
_PROGRESS = """select l.id, l.kind, l.about, l.total, l.started_at,
    count(i.stream) filter (where i.refused is null) as left, count(i.refused) as refused
    from work_lists l left join work_items i on i.list = l.id
    group by l.id order by l.started_at desc limit 200"""


class Progress(msgspec.Struct):
    """How far a list is: pieces in all, still to do, and refused by the rules."""

    id: UUID
    kind: str
    about: UUID
    total: int
    started_at: datetime
    left: int
    refused: int


def spread(work: Work, kind: str, list_id: UUID, streams: Collection[UUID], *, about: UUID) -> None:
    """Let these streams be worked off after this work has been stored; `kind` names the step."""
    now = work.store.clock()
    work.row(WORK_LISTS, (list_id, kind, about, len(streams), now))
    for stream in streams:
        work.row(WORK_ITEMS, (stream, list_id, now))


async def progress(store: Store) -> list[Progress]:
    """The newest 200 lists."""
    return [Progress(*row) for row in await store.pool.fetch(_PROGRESS)]


class WorkLists:
    """Works off the lists of these kinds."""

    def __init__(self, store: Store, steps: Mapping[str, Step], *, batch: int = 20) -> None:
        self._store = store
        self._steps = steps
        self._batch = batch

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                taken = await self.advance()
            except Exception as trouble:
                _log.warning("work_lists_wait", reason=repr(trouble))
                taken = 0
            if taken == 0:
                await asyncio.sleep(_PAUSE)

    async def advance(self) -> int:
        """Do the next pieces, at most a batch; answers how many were taken."""
        kinds = list(self._steps)
        rows = await self._store.pool.fetch(_TAKE, self._store.clock(), _LEASE, kinds, self._batch)
        await asyncio.gather(*(self._do(row) for row in rows))
        return len(rows)

    async def _do(self, row: asyncpg.Record) -> None:
        piece = (row["stream"], row["list"])
        try:
            await self._steps[row["kind"]](_order(*piece), row["about"])
        except Refused as refusal:
            await self._store.pool.execute(_REFUSED, *piece, str(refusal))
        except Exception as failure:
            _log.error("piece_failed", list=str(piece[1]), reason=repr(failure))
        else:
            await self._store.pool.execute(_DONE, *piece)


def _order(stream: UUID, list_id: UUID) -> Order:
    once = Key(f"work list {list_id}", str(stream), hashlib.sha256(stream.bytes).digest())
    return Order(stream=stream, actor="system:work-list", key=once, correlation_id=list_id)
