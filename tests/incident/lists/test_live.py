"""The stream of a saved view over a real socket: replayed on a list, it is the list."""

import asyncio
import json
import os
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, NamedTuple

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from tests.incident.lists.crowd import one
from tests.incident.problem_feed.publishing import publish_known_error
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import listening

DISCONNECTS = int(os.environ.get("TOCSIN_DISCONNECTS", "40"))
VIEWS = "/v1/incident/views"
STREAM = "/v1/incident/stream"
Item = dict[str, Any]


class Ground(NamedTuple):
    """A listening service."""

    service: RunningService
    base: str

    def who(self, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> AsyncClient:
        token = self.service.issuer.token(name, roles or [Role.RESPONDER], teams=teams)
        client = new_client(base_url=self.base, timeout=30)
        client.headers["authorization"] = f"Bearer {token}"
        return client


class Told(NamedTuple):
    """One event of a stream."""

    id: int | None
    kind: str
    data: Any


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with listening("incident", databases) as (service, base):
        await publish_known_error(service, "KE-1")
        yield Ground(service, base)


async def listen(
    client: AsyncClient, view: str, after: int | None = None, **query: str
) -> AsyncGenerator[Told, None]:
    headers = {} if after is None else {"last-event-id": str(after)}
    asked = query | {"view": view}
    async with client.stream("GET", STREAM, params=asked, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        fields: dict[str, Any] = {}
        async for line in response.aiter_lines():
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.strip()
            elif "data" in fields:
                at = int(fields["id"]) if "id" in fields else None
                yield Told(at, fields["event"], json.loads(fields["data"]))
                fields = {}


async def saved(client: AsyncClient, **filters: Any) -> str:
    answer = await client.post(VIEWS, json={"name": "Mine", "filters": filters})
    assert answer.status_code == 201, answer.text
    view: str = answer.json()["id"]
    return view


async def shown(client: AsyncClient, view: str) -> tuple[int, dict[str, Item]]:
    answer = await client.get("/v1/incidents", params={"view": view, "limit": 200})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["next_cursor"] is None
    return page["position"], {item["id"]: item for item in page["items"]}


def moved(items: dict[str, Item], told: Told) -> None:
    """What a frontend does with an event; it must make sense on what is shown."""
    assert told.data["position"] == told.id
    if told.kind == "left":
        assert told.data["number"] == items.pop(told.data["id"])["number"]
        assert "incident" not in told.data
        return
    assert (told.data["id"] in items) == (told.kind == "changed")
    items[told.data["id"]] = told.data["incident"]


async def declared(client: AsyncClient, **said: Any) -> str:
    answer = await client.post("/v1/incidents", json={"title": "Slow"} | said)
    assert answer.status_code == 201, answer.text
    path: str = answer.headers["location"]
    return path


async def give(client: AsyncClient, path: str, command: str, **arguments: Any) -> int:
    answer = await client.post(f"{path}/{command}", json=arguments)
    assert answer.status_code == 200, answer.text
    position: int = answer.json()["position"]
    return position


async def head(client: AsyncClient) -> int:
    position: int = (await client.get("/v1/incidents?limit=1")).json()["position"]
    return position


async def test_an_incident_enters_changes_and_leaves(ground: Ground) -> None:
    async with ground.who("ada") as ada:
        view = await saved(ada, group=["desk"], open=True)
        start = await head(ada)
        path = await declared(ada, group="network")
        await give(ada, path, "assign", group="desk")
        await give(ada, path, "note", text="Seen")
        await give(ada, path, "assign", group="network")
        await give(ada, path, "note", text="Not theirs")
        await give(ada, path, "assign", group="desk")
        await give(ada, path, "resolve", code="fixed", summary="So")
        async with aclosing(listen(ada, view, start)) as events:
            told = [await anext(events) for _ in range(6)]
    assert [t.kind for t in told] == ["view", "entered", "changed", "left", "entered", "left"]
    assert told[0].data == {"id": view, "version": 1}
    ids = [t.id for t in told[1:] if t.id is not None]
    assert ids == sorted(set(ids))


async def test_over_many_disconnects_a_replayed_list_is_the_list(ground: Ground) -> None:
    chance = random.Random(7)
    async with ground.who("ada") as ada:
        view = await saved(ada, open=True, assigned_to=["ada", "none"])
        position, items = await shown(ada, view)
        done = asyncio.Event()

        async def write() -> None:
            paths = [await one(ada, chance, n) for n in range(10)]
            for _ in range(120):
                commands: list[tuple[str, dict[str, Any]]] = [
                    ("assign", {"person": chance.choice(["ada", "bob", None])}),
                    ("prioritise", {"impact": chance.randint(1, 3), "urgency": 3}),
                    ("note", {"text": "Seen"}),
                    ("hold", {"reason": "awaiting_vendor"}),
                    *([("resolve", {"code": "fixed", "summary": "So"})] * (chance.random() < 0.3)),
                ]
                command, arguments = chance.choice(commands)
                path = chance.choice(paths)
                answer = await ada.post(f"{path}/{command}", json=arguments)
                assert answer.status_code in (200, 403, 409), answer.text
            done.set()

        writing = asyncio.create_task(write())
        last, seen = position, 0
        for _ in range(DISCONNECTS):
            last, count = await replayed(ada, view, items, last, chance.randint(1, 6))
            seen += count
        await writing
        end, expected = await shown(ada, view)
        while last < end and items != expected:
            last, count = await replayed(ada, view, items, last, 1)
            seen += count
    assert done.is_set()
    assert items == expected
    assert seen > 30


async def replayed(
    client: AsyncClient, view: str, items: dict[str, Item], after: int, count: int
) -> tuple[int, int]:
    """So many events of one connection, or fewer where nothing more happens for a while."""
    heard = 0
    async with aclosing(listen(client, view, after)) as events:
        while heard < count:
            try:
                told = await asyncio.wait_for(anext(events), 0.5)
            except TimeoutError:
                break
            if told.id is not None:
                assert told.id > after
                moved(items, told)
                after, heard = told.id, heard + 1
    return after, heard


async def test_a_changed_view_is_told_and_goes_on_and_a_retired_one_ends(ground: Ground) -> None:
    async with ground.who("ada") as ada:
        view = await saved(ada, group=["third"])
        async with aclosing(listen(ada, view)) as events:
            assert (await anext(events)).data["version"] == 1
            said = {"name": "Mine", "filters": {"group": ["fourth"]}}
            assert (await ada.put(f"{VIEWS}/{view}", json=said)).status_code == 200
            told = await anext(events)
            assert (told.kind, told.id, told.data) == ("view", None, {"id": view, "version": 2})
            await declared(ada, group="third")
            await declared(ada, group="fourth")
            told = await anext(events)
            assert (told.kind, told.data["incident"]["group"]) == ("entered", "fourth")
            assert (await ada.post(f"{VIEWS}/{view}/retire")).status_code == 200
            told = await anext(events)
            assert told.kind == "ended"
            assert "retired" in told.data["reason"]
            with pytest.raises(StopAsyncIteration):
                await anext(events)
        answer = await ada.get(STREAM, params={"view": view})
        assert answer.status_code == 409


async def test_a_view_that_is_no_longer_shared_ends(ground: Ground) -> None:
    async with ground.who("ada", teams=("desk",)) as ada, ground.who("bob", teams=("desk",)) as bob:
        said = {"name": "Ours", "shared_with": {"teams": ["desk"]}}
        view = (await ada.post(VIEWS, json=said)).json()["id"]
        async with aclosing(listen(bob, view)) as events:
            assert (await anext(events)).kind == "view"
            await ada.put(f"{VIEWS}/{view}", json={"name": "Mine"})
            assert (await anext(events)).kind == "ended"
        assert (await bob.get(STREAM, params={"view": view})).status_code == 404


async def test_what_becomes_restricted_leaves_and_comes_back(ground: Ground) -> None:
    async with (
        ground.who("ada") as ada,
        ground.who("mia", Role.INCIDENT_MANAGER, Role.RESPONDER) as mia,
    ):
        view = await saved(ada, service=["secret"])
        start = await head(ada)
        path = await declared(mia, service="secret")
        shut = await give(mia, path, "restrict", reason="Security")
        await give(mia, path, "note", text="Hidden")
        _, items = await shown(ada, view)
        assert items == {}
        async with aclosing(listen(ada, view, start)) as events:
            assert (await anext(events)).kind == "view"
            told = await anext(events)
            # the present restriction rules over the past: that it was once there is not told
            assert told.kind == "left"
            assert told.id == shut


async def test_who_is_shut_out_of_a_restricted_incident_hears_that_it_left(
    ground: Ground,
) -> None:
    mia = ground.who("mia", Role.INCIDENT_MANAGER, Role.RESPONDER)
    async with mia, ground.who("bob") as bob:
        view = await saved(bob, service=["vault"])
        start = await head(mia)
        path = await declared(mia, service="vault", assigned_to="bob")
        await give(mia, path, "restrict", reason="Security")
        items: dict[str, Item] = {}
        steps: list[tuple[list[str], str | None, dict[str, Any]]] = [
            (["entered", "changed"], None, {}),
            (["changed"], "note", {"text": "Mine"}),
            (["left"], "assign", {"person": "carl"}),
            ([], "note", {"text": "Not his"}),
            (["entered"], "restrict", {"reason": "He knows", "people": ["bob"]}),
            (["changed"], "note", {"text": "His again"}),
            (["left"], "restrict", {"reason": "No more", "people": []}),
            (["entered"], "restrict", {"reason": "Over", "restricted": False}),
        ]
        async with aclosing(listen(bob, view, start)) as events:
            for expected, command, said in steps:
                if command is not None:
                    await give(mia, path, command, **said)
                for kind in expected:
                    while (told := await anext(events)).id is None:
                        pass
                    moved(items, told)
                    assert told.kind == kind
        assert len(items) == 1


async def test_who_comes_back_shut_out_hears_that_it_left_and_nothing_of_it(
    ground: Ground,
) -> None:
    mia = ground.who("mia", Role.INCIDENT_MANAGER, Role.RESPONDER)
    async with mia, ground.who("bob") as bob, ground.who("eve") as eve:
        bobs, eves = [await saved(who, service=["safe"]) for who in (bob, eve)]
        path = await declared(mia, service="safe", assigned_to="bob")
        await give(mia, path, "restrict", reason="Security")
        position, items = await shown(bob, bobs)
        gone = await give(mia, path, "assign", person="carl")
        await give(mia, path, "note", text="Secret")
        mark = await declared(mia, service="safe", title="The mark")
        async with aclosing(listen(bob, bobs, position)) as events:
            told = [await anext(events) for _ in range(3)]
        for each in told[1:]:
            moved(items, each)
        assert [(t.kind, t.id) for t in told[:2]] == [("view", None), ("left", gone)]
        assert set(told[1].data) == {"position", "id", "number"}
        assert list(items) == [mark.rpartition("/")[2]]
        async with aclosing(listen(eve, eves, position)) as events:
            assert [(await anext(events)).kind for _ in range(2)] == ["view", "entered"]


async def test_a_ticket_opens_it_and_a_reporter_does_not(ground: Ground) -> None:
    async with ground.who("ada") as ada, new_client(base_url=ground.base) as browser:
        view = await saved(ada, group=["desk"])
        ticket = (await ada.post("/v1/incident/stream-tickets")).json()["ticket"]
        async with aclosing(listen(browser, view, ticket=ticket)) as events:
            assert (await anext(events)).kind == "view"
        answer = await browser.get(STREAM, params={"view": view, "ticket": ticket})
        assert answer.status_code == 401
    async with ground.who("rita", Role.REPORTER) as rita:
        assert (await rita.get(STREAM, params={"view": view})).status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("view=x", 422),
        ("view=0198c0de-0000-7000-8000-000000000007", 404),
        ("view={view}&types=incident.declared", 422),
        ("view={view}&subjects=x", 422),
        ("view={view}&lastEventId=99999999", 409),
        ("view={view}&lastEventId=x", 422),
    ],
)
async def test_a_stream_that_cannot_be_meant_does_not_begin(
    ground: Ground, query: str, status: int
) -> None:
    async with ground.who("ada") as ada:
        view = await saved(ada)
        answer = await ada.get(f"{STREAM}?{query.format(view=view)}")
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
