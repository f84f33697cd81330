"""The log read as others read it, page by page, against COPY of the same rows."""

import asyncio
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import asyncpg

from tests.bench.ground import Side

_PAGE = 1_000
_COLUMNS = (
    "position, event_id, originator_id, originator_version, topic, schema_version, state, actor, "
    "correlation_id, causation_id, command_id, traceparent, recorded_at"
)


async def by_feed(side: Side, token: str, events: int) -> float:
    """Events a second over GET …/feed, as one follower takes them."""
    started = time.perf_counter()
    await asyncio.to_thread(_follow, side.base, token, events)
    return events / (time.perf_counter() - started)


def _follow(base: str, token: str, events: int) -> None:
    connection = HTTPConnection(urlsplit(base).netloc)
    for after in range(0, events, _PAGE):
        address = f"/v1/incident/feed?lastEventId={after}&limit={_PAGE}"
        connection.request("GET", address, headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200 or answer.headers["tocsin-scanned"] != str(after + _PAGE):
            raise RuntimeError(f"the feed answered {answer.status} behind {after}")
    connection.close()


async def by_copy(side: Side, events: int) -> float:
    """Events a second out of the same table, as fast as PostgreSQL gives them."""
    connection = await asyncpg.connect(side.database)
    taken = bytearray()

    async def take(data: bytes) -> None:
        taken.extend(data)

    started = time.perf_counter()
    query = f"select {_COLUMNS} from events order by position limit {events}"
    await connection.copy_from_query(query, output=take)
    seconds = time.perf_counter() - started
    await connection.close()
    return events / seconds
