"""The pull feed: published events in commit order, with what a follower needs to trust them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from tests.support.lamps import Lamps, lamps
from tests.support.postgres import Databases

COLOURS = ["red", "green", "blue"]


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[Lamps]:
    async with lamps(databases) as service:
        yield service


@pytest.fixture
async def reader(service: Lamps) -> AsyncIterator[AsyncClient]:
    async with service.client() as reader:
        yield reader


async def page(reader: AsyncClient, after: int = 0, **query: Any) -> Response:
    answer = await reader.get("/feed", params={"lastEventId": after, **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    return answer


async def test_a_feed_of_an_empty_log_is_empty(reader: AsyncClient) -> None:
    answer = await page(reader)
    assert answer.json() == []
    assert (answer.headers["tocsin-scanned"], answer.headers["tocsin-hash"]) == ("0", "")


async def test_each_event_is_a_cloud_event_of_public_data(
    service: Lamps, reader: AsyncClient
) -> None:
    lamp = await service.light("red")
    event = (await page(reader)).json()[0]
    assert UUID(event.pop("id")).version == 7
    assert UUID(event.pop("correlationid")).version == 7
    assert event.pop("time").endswith("Z")
    assert event == {
        "specversion": "1.0",
        "source": "/v1/incident",
        "type": "tocsin.lamp.lit.v1",
        "subject": str(lamp),
        "datacontenttype": "application/json",
        "position": 1,
        "version": 1,
        "actor": "tester",
        "data": {"colour": "red"},
    }


async def test_pages_follow_one_another_without_gap_or_repetition(
    service: Lamps, reader: AsyncClient
) -> None:
    lamp = await service.light(*COLOURS)
    await service.dim(lamp)
    await service.light(*COLOURS)
    seen, after = [], 0
    while found := (answer := await page(reader, after, limit=2)).json():
        seen += [(event["position"], event["data"]["colour"]) for event in found]
        after = int(answer.headers["tocsin-scanned"])
    assert seen == [(1, "red"), (2, "green"), (3, "blue"), (5, "red"), (6, "green"), (7, "blue")]


async def test_what_is_not_published_is_stepped_over_but_scanned(
    service: Lamps, reader: AsyncClient
) -> None:
    lamp = await service.light("red")
    for _ in range(5):
        await service.dim(lamp)
    answer = await page(reader, 1)
    assert (answer.json(), answer.headers["tocsin-scanned"]) == ([], "6")


async def test_a_full_page_is_scanned_to_its_last_event_only(
    service: Lamps, reader: AsyncClient
) -> None:
    await service.light(*COLOURS)
    assert (await page(reader, limit=2)).headers["tocsin-scanned"] == "2"


async def test_the_hash_of_a_page_vouches_for_the_cursor_behind_it(
    service: Lamps, reader: AsyncClient
) -> None:
    lamp = await service.light("red", "green")
    await service.dim(lamp)
    for limit in (1, 1_000):
        first = await page(reader, limit=limit)
        scanned, known = int(first.headers["tocsin-scanned"]), first.headers["tocsin-hash"]
        assert len(known) == 64
        await page(reader, scanned, lastHash=known)
        wrong = known[:-1] + ("0" if known[-1] != "0" else "1")
        refused = await reader.get("/feed", params={"lastEventId": scanned, "lastHash": wrong})
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/log-mismatch")


async def test_a_cursor_beyond_the_log_is_refused(service: Lamps, reader: AsyncClient) -> None:
    await service.light("red")
    refused = await reader.get("/feed", params={"lastEventId": 2})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/log-mismatch")


@pytest.mark.parametrize(
    ("query", "status"),
    [("lastEventId=x", 422), ("lastEventId=-1", 422), ("lastEventId=1.5", 422), ("limit=0", 422),
     ("limit=1001", 422), ("timeout=31", 422), ("timeout=-1", 422), ("timeout=nan", 422),
     ("lastHash=xyz", 422), ("lastEventId=" + "9" * 41, 422), ("lastEventId=" + "9" * 19, 422)],
)  # fmt: skip
async def test_a_query_that_cannot_be_meant_is_refused(
    reader: AsyncClient, query: str, status: int
) -> None:
    answer = await reader.get(f"/feed?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_long_poll_is_woken_by_news(service: Lamps, reader: AsyncClient) -> None:
    lamp = await service.light("red")
    waiting = asyncio.create_task(page(reader, 1, timeout=30))
    await asyncio.sleep(0.05)
    await service.dim(lamp)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await service.light("green", lamp=lamp)
    answer = await waiting
    assert [event["position"] for event in answer.json()] == [3]
    assert answer.headers["tocsin-scanned"] == "3"


async def test_a_cursor_that_keeps_up_is_told_that_others_wrote(
    service: Lamps, reader: AsyncClient
) -> None:
    lamp = await service.light("red")
    waiting = asyncio.create_task(page(reader, 1, timeout=30, progress=True))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await service.dim(lamp)
    answer = await asyncio.wait_for(waiting, 10)
    assert (answer.json(), answer.headers["tocsin-scanned"]) == ([], "2")


async def test_a_long_poll_without_news_ends_empty(service: Lamps, reader: AsyncClient) -> None:
    lamp = await service.light("red")
    await service.dim(lamp)
    answer = await page(reader, 1, timeout=0.2)
    assert (answer.json(), answer.headers["tocsin-scanned"]) == ([], "2")


async def test_news_of_another_process_end_a_long_poll_too(
    service: Lamps, reader: AsyncClient
) -> None:
    await service.light("red")
    waiting = asyncio.create_task(page(reader, 1, timeout=30))
    await asyncio.sleep(0.05)
    service.service.store.writer.grown = lambda position: None  # as if somebody else had written
    await service.light("green")
    assert [event["position"] for event in (await waiting).json()] == [2]


async def test_a_feed_is_for_those_who_read_everything(service: Lamps) -> None:
    async with service.client(Role.REPORTER) as reporter:
        for answer in (
            await reporter.get("/feed"),
            await reporter.get("/stream"),
            await reporter.post("/stream-tickets"),
        ):
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
