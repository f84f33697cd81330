"""Pages together are the list as it was at the position they are pinned to, whoever writes."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.incident.lists.crowd import crowd, one
from tests.incident.problem_feed.publishing import publish_known_error
from tests.support.postgres import Databases
from tests.support.started import started

Item = dict[str, Any]
ASKED: list[dict[str, str]] = [
    {"open": "true", "sort": "status"},
    {"assigned_to": "none,ada", "sort": "-assigned_to"},
    {"without": "status:resolved,tag:vip", "sort": "service"},
    {"priority": "none,1,2", "sort": "-started_at"},
    {"label": "region=north", "sort": "acknowledged_at"},
    {"group": "none,desk", "reopened": "false", "sort": "-reassignment_count"},
    {"sort": "title", "hold_reason": "none"},
]


class Ground(NamedTuple):
    """A service with incidents, and where to change them."""

    agent: AsyncClient
    paths: list[str]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with started("incident", databases) as service:
        await publish_known_error(service, "KE-1")
        agent = service.client(Role.INCIDENT_MANAGER, subject="ada")
        items = await crowd(agent, 30, seed=8)
        yield Ground(agent, [f"/v1/incidents/{item['id']}" for item in items])


@pytest.mark.parametrize("query", ASKED, ids=lambda q: "&".join(f"{n}={v}" for n, v in q.items()))
async def test_pages_are_the_list_at_their_position_while_others_write(
    ground: Ground, query: dict[str, str]
) -> None:
    written, stop = asyncio.Event(), asyncio.Event()
    writing = asyncio.create_task(write(ground, random.Random(str(query)), written, stop))
    position, paged = await walk(ground.agent, query, written)
    stop.set()
    await writing
    whole = query | {"as_of": str(position), "limit": "200"}
    listed = (await ground.agent.get("/v1/incidents", params=whole)).json()
    assert paged == listed["items"]
    assert len(paged) > 5
    facets = query | {"as_of": str(position), "by": "status"}
    del facets["sort"]
    counted = (await ground.agent.get("/v1/incidents/facets", params=facets)).json()
    assert (counted["total"], counted["position"]) == (len(paged), position)


async def walk(
    agent: AsyncClient, query: dict[str, str], written: asyncio.Event | None = None
) -> tuple[int, list[Item]]:
    """All pages; where others write, something has been written between any two of them."""
    items: list[Item] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await agent.get("/v1/incidents", params=query | cursor | {"limit": "5"})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next_cursor"] is None:
            return page["position"], items
        cursor = {"cursor": page["next_cursor"]}
        if written is not None:
            written.clear()
            await written.wait()


async def write(
    ground: Ground, chance: random.Random, written: asyncio.Event, stop: asyncio.Event
) -> None:
    """Change what lists are filtered and ordered by, and add to them."""
    number = 0
    while not stop.is_set():
        path = chance.choice(ground.paths)
        commands: list[tuple[str, dict[str, Any]]] = [
            ("assign", {"person": chance.choice(["ada", "bob", None]), "group": "desk"}),
            ("prioritise", {"impact": chance.randint(1, 3), "urgency": 2}),
            ("hold", {"reason": "awaiting_vendor"}),
            ("resume", {}),
            ("resolve", {"code": "fixed", "summary": "So"}),
            ("reopen", {"reason": "Back"}),
        ]
        command, arguments = chance.choice(commands)
        answer = await ground.agent.post(f"{path}/{command}", json=arguments)
        assert answer.status_code in (200, 409), answer.text
        if answer.status_code == 200:
            written.set()
        if chance.random() < 0.1:
            number += 1
            ground.paths.append(await one(ground.agent, chance, number))


async def test_many_stored_at_one_moment_are_each_listed_once(ground: Ground) -> None:
    """Ties in every order but that of numbers: the id decides, page by page."""
    body = {"command": "note", "ids": ["INC-1", "INC-2", "INC-3"], "arguments": {"text": "x"}}
    assert (await ground.agent.post("/v1/incidents/bulk", json=body)).json()["done"] == 3
    for sort in ("status", "-status", "impact", "group", "-closed_at", "reopen_count"):
        _, paged = await walk(ground.agent, {"sort": sort})
        ids = [item["id"] for item in paged]
        assert len(ids) == len(set(ids))
        assert len(ids) >= 30
