"""Commands as the writer takes them, without an aggregate behind them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from shared.clock import new_id
from shared.store.append import Append, IdempotencyKey, NewEvent
from shared.store.reader import Recorded
from shared.store.store import Store


def new_events(stream: UUID, after: int, count: int, topic: str = "toy.counted") -> list[NewEvent]:
    return [
        NewEvent(new_id(), stream, after + n, topic, 1, b"{}", new_id(), None)
        for n in range(1, count + 1)
    ]


def command(stream: UUID | None = None, after: int = 0, count: int = 1, **more: Any) -> Append:
    """So many events behind this version of a stream (a new one unless named)."""
    stream = stream or uuid4()
    events = new_events(stream, after, count)
    told = {"expected": {stream: after}, "events": events} | more
    return Append(command_id=new_id(), actor="user:test", **told)


def key(value: str, stream: UUID, *, scope: str = "user:ada POST /toys") -> IdempotencyKey:
    return IdempotencyKey(scope, value, b"digest", stream, 1)


async def whole_log(store: Store) -> list[Recorded]:
    return await store.log.page(0, limit=100_000)


async def rows_of(url: str, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


def assert_sound(log: Sequence[Recorded]) -> None:
    """Positions dense from 1, versions contiguous, recorded times never decreasing."""
    assert [e.position for e in log] == list(range(1, len(log) + 1))
    times = [e.recorded_at for e in log]
    assert times == sorted(times)
    newest: dict[UUID, int] = {}
    for each in log:
        assert each.originator_version == newest.get(each.originator_id, 0) + 1
        newest[each.originator_id] = each.originator_version
