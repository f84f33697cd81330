"""What is restricted on feeds and streams: silent for outsiders, flagged for who keeps it so."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from shared.restrictions import FOLLOWS
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import listening

FEED, STREAM = "/v1/incident/feed", "/v1/incident/stream"
Started = tuple[RunningService, str]


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[Started]:
    async with listening("incident", databases) as started:
        yield started


def client(service: Started, subject: str, *roles: Role, scope: str = "") -> AsyncClient:
    token = service[0].issuer.token(subject, roles, scope=scope)
    made = new_client(base_url=service[1], timeout=40)
    made.headers["authorization"] = f"Bearer {token}"
    return made


async def declare(manager: AsyncClient) -> dict[str, Any]:
    made: dict[str, Any] = (await manager.post("/v1/incidents", json={"title": "Slow"})).json()
    return made


async def note(manager: AsyncClient, incident: dict[str, Any]) -> int:
    path = f"/v1/incidents/{incident['id']}/note"
    return int((await manager.post(path, json={"text": "x"})).json()["position"])


async def restrict(manager: AsyncClient, incident: dict[str, Any], **more: Any) -> int:
    path, body = f"/v1/incidents/{incident['id']}/restrict", {"reason": "Secret"} | more
    answer = await manager.post(path, json=body)
    return int(answer.json()["position"])


async def heard(lines: AsyncIterator[str]) -> tuple[str, str, bool]:
    """The next event of a stream: its subject, its type, whether it is flagged."""
    async for line in lines:
        if line.startswith("data:"):
            told = msgspec.json.decode(line.removeprefix("data:"))
            return told["subject"], told["type"].split(".")[2], told.get("restricted", False)
    raise AssertionError("the stream has ended")


async def test_a_stream_falls_silent_when_what_it_follows_becomes_restricted(
    service: Started,
) -> None:
    async with (
        client(service, "ida", Role.INCIDENT_MANAGER) as ida,
        client(service, "otto", Role.RESPONDER) as otto,
    ):
        secret, open_one = await declare(ida), await declare(ida)
        subjects = f"{secret['id']},{open_one['id']}"
        async with otto.stream("GET", STREAM, params={"subjects": subjects}) as response:
            lines = response.aiter_lines()
            assert (await anext(lines)).startswith(":")  # connected: it begins here
            await note(ida, secret)
            assert await heard(lines) == (secret["id"], "noted", False)
            await restrict(ida, secret)
            await note(ida, secret)
            await note(ida, open_one)
            assert await heard(lines) == (open_one["id"], "noted", False)
            await restrict(ida, secret, restricted=False)
            assert await heard(lines) == (secret["id"], "unrestricted", False)


async def test_a_stream_is_narrowed_by_numbers_too_and_they_give_nothing_away(
    service: Started,
) -> None:
    async with (
        client(service, "mia", Role.INCIDENT_MANAGER) as manager,
        client(service, "rob", Role.RESPONDER) as outsider,
    ):
        secret = await declare(manager)
        await restrict(manager, secret)
        shown = await declare(manager)
        asked = {"subjects": f"{secret['number']},INC-999999,{shown['number'].lower()}"}
        since = {"last-event-id": str(secret["position"] - 1)}
        async with outsider.stream("GET", STREAM, params=asked, headers=since) as answer:
            assert answer.status_code == 200
            told = await heard(answer.aiter_lines())
            assert told == (shown["id"], "declared", False)
        for neither in ("INC-", "INC-x", "PRB-1", "x"):
            refused = await outsider.get(STREAM, params={"subjects": neither})
            assert refused.status_code == 422


async def test_who_may_know_goes_on_hearing_it_flagged_and_on_record(service: Started) -> None:
    async with (
        client(service, "ida", Role.INCIDENT_MANAGER) as ida,
        client(service, "ann", Role.AUDITOR) as ann,
    ):
        secret = await declare(ida)
        await restrict(ida, secret)
        query = {"subjects": secret["id"], "lastEventId": str(secret["position"] - 1)}
        async with ida.stream("GET", STREAM, params=query) as response:
            lines = response.aiter_lines()
            assert await heard(lines) == (secret["id"], "declared", True)
            assert await heard(lines) == (secret["id"], "restricted", True)
        query = {"incident": secret["number"], "principal": "ida"}
        log = (await ann.get("/v1/incident/access-log", params=query)).json()["items"]
        assert log[0]["route"] == f"GET {STREAM}"


async def test_the_feed_withholds_it_from_outsiders_and_keeps_their_place(
    service: Started,
) -> None:
    async with (
        client(service, "ida", Role.INCIDENT_MANAGER) as ida,
        client(service, "bot", Role.SERVICE) as bot,
        client(service, "tocsin", Role.SERVICE, scope=FOLLOWS) as follower,
    ):
        secret, open_one = await declare(ida), await declare(ida)
        await restrict(ida, secret)
        last, query = await note(ida, secret), {"lastEventId": str(secret["position"] - 1)}
        page = await bot.get(FEED, params=query)
        assert page.headers["tocsin-restricted"] == "withheld"
        assert [each["subject"] for each in page.json()] == [open_one["id"]]
        whole = await follower.get(FEED, params=query)
        assert whole.headers["tocsin-restricted"] == "included"
        told = [(e["subject"], e.get("restricted", False)) for e in whole.json()]
        assert told == [
            (secret["id"], True), (open_one["id"], False), (secret["id"], True),
            (secret["id"], True),
        ]  # fmt: skip
        for name in ("tocsin-scanned", "tocsin-hash", "tocsin-log"):
            assert page.headers[name] == whole.headers[name]
        assert page.headers["tocsin-scanned"] == str(last)
        cursor = {"lastEventId": str(last), "lastHash": page.headers["tocsin-hash"]}
        assert (await bot.get(FEED, params=cursor)).status_code == 200


async def test_a_long_poll_is_not_woken_by_what_it_may_not_tell(service: Started) -> None:
    async with (
        client(service, "ida", Role.INCIDENT_MANAGER) as ida,
        client(service, "bot", Role.SERVICE) as bot,
    ):
        secret, open_one = await declare(ida), await declare(ida)
        start = await restrict(ida, secret)
        poll = asyncio.create_task(bot.get(FEED, params={"lastEventId": start, "timeout": 30}))
        for _ in range(3):
            await note(ida, secret)
        assert not poll.done()
        await note(ida, open_one)
        assert [each["subject"] for each in (await poll).json()] == [open_one["id"]]


async def test_pages_of_one_go_past_what_is_withheld(service: Started) -> None:
    async with (
        client(service, "ida", Role.INCIDENT_MANAGER) as ida,
        client(service, "bot", Role.SERVICE) as bot,
    ):
        secret, open_one = await declare(ida), await declare(ida)
        after, end = secret["position"] - 1, await restrict(ida, secret)
        seen = []
        while after < end:
            page = await bot.get(FEED, params={"lastEventId": after, "limit": 1})
            seen += [each["subject"] for each in page.json()]
            assert int(page.headers["tocsin-scanned"]) > after
            after = int(page.headers["tocsin-scanned"])
        assert seen == [open_one["id"]]


async def test_a_key_shows_what_is_restricted_only_if_an_admin_made_it_so(
    service: Started,
) -> None:
    body = {"name": "Tocsin itself", "roles": ["service"], "teams": [FOLLOWS]}
    async with (
        client(service, "ida", Role.INCIDENT_MANAGER, Role.SERVICE) as ida,
        client(service, "root", Role.ADMIN) as root,
    ):
        assert (await ida.post("/v1/api-keys", json=body)).status_code == 403
        for teams, shown in (([FOLLOWS], "included"), ([], "withheld")):
            made = await root.post("/v1/api-keys", json=body | {"teams": teams})
            headers = {"authorization": f"Bearer {made.json()['key']}"}
            page = await root.get(FEED, headers=headers)
            assert page.headers["tocsin-restricted"] == shown
