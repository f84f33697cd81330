"""Server-sent events on a real server: resumed at will, opened by ticket, ended by a stop."""

import asyncio
import math
import os
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import NamedTuple

import msgspec
import pytest

from shared.auth.caller import Caller
from shared.auth.open import StoredTickets
from shared.auth.roles import Role
from shared.auth.tickets import StreamTickets
from shared.client import AsyncClient, new_client
from shared.clock import new_id
from shared.http import streams
from tests.support.lamps import Lamps, lamps
from tests.support.postgres import Databases
from tests.support.until import until

DISCONNECTS = int(os.environ.get("TOCSIN_DISCONNECTS", "60"))


class Heard(NamedTuple):
    """One event of a stream."""

    id: int
    kind: str
    colour: str


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[Lamps]:
    async with lamps(databases, listening=True) as service:
        yield service


async def listen(
    client: AsyncClient, after: int | None = None, **query: str
) -> AsyncGenerator[Heard, None]:
    """The events of one connection, until it ends or the listener goes."""
    headers = {} if after is None else {"last-event-id": str(after)}
    async with client.stream("GET", "/stream", params=query, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in response.aiter_lines():
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.strip()
            elif "data" in fields:
                told = msgspec.json.decode(fields["data"])
                assert told["position"] == int(fields["id"])
                yield Heard(int(fields["id"]), fields["event"], told["data"]["colour"])
                fields = {}


async def take(client: AsyncClient, count: int, after: int | None, **query: str) -> list[Heard]:
    async with aclosing(listen(client, after, **query)) as events:
        return [await anext(events) for _ in range(count)]


async def head(service: Lamps) -> int:
    return (await service.service.store.log.head()).position


async def test_many_disconnects_leave_no_gap_and_repeat_nothing(service: Lamps) -> None:
    chance, start = random.Random(1), await head(service)
    counts = [chance.randint(1, 12) for _ in range(DISCONNECTS)]
    wanted = sum(counts)

    async def write() -> None:
        lamp = new_id()
        for number in range(wanted):
            await service.light(str(number), lamp=lamp)
            if chance.random() < 0.3:
                await service.dim(lamp)

    heard: list[Heard] = []
    async with service.client() as client, asyncio.TaskGroup() as group:
        group.create_task(write())
        for count in counts:
            heard += await take(client, count, heard[-1].id if heard else start)
    assert [event.colour for event in heard] == [str(number) for number in range(wanted)]
    assert [event.id for event in heard] == sorted({event.id for event in heard})
    assert {event.kind for event in heard} == {"tocsin.lamp.lit.v1"}


async def test_a_stream_without_a_cursor_begins_with_what_happens_next(service: Lamps) -> None:
    await service.light("before")
    async with service.client() as client:
        async with aclosing(listen(client)) as events:
            coming = asyncio.ensure_future(anext(events))
            while not coming.done():
                await service.light("after")
                await asyncio.sleep(0.01)
        assert (await coming).colour == "after"


async def test_many_subjects_stand_on_one_connection_and_no_other(service: Lamps) -> None:
    start = await head(service)
    mine, yours = await service.light("mine"), await service.light("yours")
    await service.light("theirs")
    await service.light("mine again", lamp=mine)
    async with service.client() as client:
        heard = await take(client, 3, start, subjects=f"{mine},{yours}")
        assert [event.colour for event in heard] == ["mine", "yours", "mine again"]
        heard = await take(client, 4, start, types="tocsin.lamp.lit.v1,lamp.lit")
        assert len(heard) == 4


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("types=lamp.dimmed", "tocsin.lamp.lit.v1"),
        ("types=tocsin.lamp.lit.v1,nonsense", "nonsense is not told here"),
        ("subjects=INC-1", "INC-1 is no id"),
    ],
)
async def test_what_is_never_told_is_refused_with_what_to_do(
    service: Lamps, query: str, says: str
) -> None:
    async with service.client() as client:
        answer = await client.get(f"/stream?{query}")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
        assert says in answer.json()["errors"][0]["detail"]


async def test_a_caller_has_so_many_streams_and_no_more_until_one_ends(
    service: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_EACH", 2)
    async with service.client() as client, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(client.stream("GET", "/stream"))
        refused = await client.get("/stream")
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many")
        assert int(refused.headers["retry-after"]) >= 1
        await stack.aclose()
        await until(lambda: _opens(client))


async def _opens(client: AsyncClient) -> bool:
    async with client.stream("GET", "/stream") as response:
        return response.status_code == 200


async def test_a_ticket_opens_one_stream_and_no_second(service: Lamps) -> None:
    start = await head(service)
    await service.light("red")
    async with service.client() as client, new_client(base_url=str(client.base_url)) as browser:
        ticket = (await client.post("/stream-tickets")).json()["ticket"]
        heard = await take(browser, 1, start, ticket=ticket)
        assert [event.colour for event in heard] == ["red"]
        again = await browser.get("/stream", params={"ticket": ticket})
        assert (again.status_code, again.json()["type"]) == (401, "/problems/unauthenticated")


async def test_a_ticket_that_is_late_or_forged_opens_nothing(service: Lamps) -> None:
    async with service.client() as client, new_client(base_url=str(client.base_url)) as browser:
        ticket = (await client.post("/stream-tickets")).json()["ticket"]
        late = late_ticket(service)
        for text in (late, ticket[:-2] + "xx", "x", "é", ""):
            answer = await browser.get("/stream", params={"ticket": text})
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


def late_ticket(service: Lamps) -> str:
    """Issued two minutes ago."""
    own = service.service
    tickets = StreamTickets(
        own.settings.master_key_file.read_bytes(),
        own.name,
        StoredTickets(own.store.pool),
        clock=lambda: time.time() - 120,
    )
    caller = Caller(id="ada", name="Ada", kind="person", roles=frozenset(Role), expires=math.inf)
    return tickets.issue(caller)


@pytest.mark.parametrize(
    ("query", "status"), [("lastEventId=x", 422), ("lastEventId=99999999", 409)]
)
async def test_a_stream_with_a_wrong_cursor_does_not_begin(
    service: Lamps, query: str, status: int
) -> None:
    async with service.client() as client:
        answer = await client.get(f"/stream?{query}")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_without_credentials_a_stream_does_not_begin(service: Lamps) -> None:
    async with new_client(base_url=f"{service.base}/v1/incident") as nobody:
        assert (await nobody.get("/stream")).status_code == 401
    async with service.client(Role.REPORTER) as reporter:
        assert (await reporter.get("/stream")).status_code == 403


async def test_a_stop_ends_open_streams_and_long_polls(databases: Databases) -> None:
    async with lamps(databases, listening=True) as service:
        client = service.client()
        await service.light("red")
        poll = asyncio.ensure_future(client.get("/feed?lastEventId=1&timeout=30"))
        heard: list[list[str]] = [[], [], []]
        streams = [asyncio.ensure_future(_hear(client, each)) for each in heard]
        await until(lambda: _all_of(heard))
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in (*streams, poll))
    await asyncio.gather(*streams)
    assert heard == [["red"]] * 3
    assert (await poll).json() == []
    await client.aclose()


async def _hear(client: AsyncClient, heard: list[str]) -> None:
    async for event in listen(client, 0):
        heard.append(event.colour)  # noqa: PERF401  # others look while it grows


async def _all_of(heard: list[list[str]]) -> bool:
    return all(heard)


async def test_a_stream_ends_with_its_callers_right_to_it(service: Lamps) -> None:
    soon = time.time() + 1.5
    caller = Caller(id="ada", name="Ada", kind="person", roles=frozenset(Role), expires=soon)
    ticket = service.service.tickets.issue(caller)
    async with new_client(base_url=f"{service.base}/v1/incident") as nobody:
        heard = [each async for each in listen(nobody, ticket=ticket)]
    assert heard == []
    assert time.time() > soon
