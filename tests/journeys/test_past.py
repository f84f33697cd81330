"""Any past moment, in lists and alone, is what a plain recomputation from the events says."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.incident.table import COMMANDS, LED
from tests.journeys import recomputed
from tests.journeys.recomputed import Event, Item
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

INCIDENTS, COMMANDS_GIVEN, POSITIONS = 30, 260, 200
SORTS = [
    f"{sign}{n}" for sign in ("", "-") for n in "updated_at created_at number priority".split()
]
GROUPS = ["network", "desk", "database", None]
FILTERS: list[dict[str, str]] = [
    {},
    {"status": "new,in_progress"},
    {"status": "on_hold,resolved,closed"},
    {"priority": "1,2"},
    {"group": "network"},
    {"assigned_to": "ada", "status": "new,in_progress,on_hold"},
    {"service": "checkout"},
    {"reporter": "rita"},
    {"tag": "vip"},
]


class Ground(NamedTuple):
    """A service with a history, and that history as exported over the API."""

    service: RunningService
    agent: AsyncClient
    ids: list[str]
    events: list[Event]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    chance = random.Random(4)
    async with started("incident", databases) as service:
        agent = service.client(Role.INCIDENT_MANAGER)
        ids = [await declare(agent, chance) for _ in range(INCIDENTS)]
        for _ in range(COMMANDS_GIVEN):
            await give_any(agent, chance.choice(ids), chance)
        yield Ground(service, agent, ids, await exported(agent, ids))


async def declare(agent: AsyncClient, chance: random.Random) -> str:
    level = chance.choice([None, 1, 2, 3])
    told = {
        "title": f"Trouble {chance.random()}",
        "description": "It is slow",
        "service": chance.choice(["checkout", "search", None]),
        "group": chance.choice(GROUPS),
        "reporter": {"id": chance.choice(["rita", "rob"]), "name": "Rita Reporter"},
        "tags": chance.sample(["vip", "eu", "batch"], chance.randint(0, 3)),
        "labels": {"region": "north"},
        "started_at": "2026-11-22T09:58:00+02:00",
    } | ({} if level is None else {"impact": level, "urgency": chance.randint(1, 3)})
    answer = await agent.post("/v1/incidents", json=told)
    identifier: str = answer.json()["id"]
    return identifier


OF_SEVERAL = {"restrict", "add-child", "remove-child", "merge", "unmerge", "link", "unlink"}
OF_THE_MANAGER = {"accept-major", "reject-major", "demote-major", "record-regulatory"}
"""Commands that need others, or hide what is compared; their own tests see to them."""


async def give_any(agent: AsyncClient, incident: str, chance: random.Random) -> None:
    """A command at random, perhaps one that is refused; cancelling is rare."""
    given = [c for c in COMMANDS if c not in OF_SEVERAL | LED | OF_THE_MANAGER]
    command = chance.choice([c for c in given if c != "cancel" or chance.random() < 0.1])
    bodies: dict[str, dict[str, Any]] = {
        "categorise": {"category": chance.choice(["network", "storage"])},
        "prioritise": {"impact": chance.randint(1, 3), "urgency": chance.randint(1, 3)},
        "assign": {"group": chance.choice(GROUPS), "person": chance.choice(["ada", "bob", None])},
        "hold": {"reason": chance.choice(["awaiting_vendor", "awaiting_change"])},
        "note": {"text": "Seen"},
        "diagnose": {"cause": "A leak"},
        "mitigate": {"action": "Failed over", "at": "2026-11-22T10:30:00Z"},
        "resolve": {"code": chance.choice(["fixed", "workaround"]), "summary": "Done"},
        "reopen": {"reason": "Back"},
        "cancel": {"reason": "A test"},
        "propose-major": {"reason": "Down"},
        "reply": {"text": "The second one"},
        "escalate": {"reason": "Too slow", "group": chance.choice(GROUPS)},
        "correct-milestone": {
            "milestone": chance.choice(["started", "detected", "mitigated"]),
            "at": f"2026-11-22T{chance.randint(0, 3):02}:00:00Z",
            "reason": "By the monitor",
        },
    }
    answer = await agent.post(f"/v1/incidents/{incident}/{command}", json=bodies.get(command, {}))
    assert answer.status_code in (200, 409), answer.text


async def exported(agent: AsyncClient, ids: list[str]) -> list[Event]:
    found: list[Event] = []
    for incident in ids:
        found += await walk(agent, f"/v1/incidents/{incident}/events", limit=100)
    return found


async def walk(agent: AsyncClient, path: str, **query: Any) -> list[Any]:
    """All items of a list, page by page."""
    return (await walk_at(agent, path, **query))[1]


async def walk_at(agent: AsyncClient, path: str, **query: Any) -> tuple[int, list[Any]]:
    """The position of a walk, the same on every page, and all its items."""
    items: list[Any] = []
    positions = set()
    cursor: dict[str, str] = {}
    while True:
        answer = await agent.get(path, params=query | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        positions.add(page["position"])
        assert len(positions) == 1
        if page["next_cursor"] is None:
            return page["position"], items
        assert len(page["items"]) == int(query["limit"])
        cursor = {"cursor": page["next_cursor"]}


def expected(events: list[Event], position: int, filters: dict[str, str], sort: str) -> list[Item]:
    items = recomputed.as_of(events, position).values()
    wanted = {name: value.split(",") for name, value in filters.items() if name != "tag"}
    tests: dict[str, Any] = {
        name: lambda v, wanted=values: v is not None and str(v) in wanted
        for name, values in wanted.items()
    }
    if "tag" in filters:
        tests["tags"] = lambda tags: filters["tag"] in tags
    return recomputed.ordered(recomputed.matching(items, **tests), sort)


def plain(item: Item) -> Item:
    """A list's item in the recomputation's words: its reporter by id alone."""
    return item | {"reporter": item["reporter"]["id"]}


async def test_the_history_is_worth_the_comparison(ground: Ground) -> None:
    items = recomputed.as_of(ground.events, 2**63).values()
    assert {item["status"] for item in items} >= {"in_progress", "on_hold", "resolved"}
    assert any(item["reopen_count"] for item in items)
    assert [e["position"] for e in sorted(ground.events, key=lambda e: int(e["position"]))] == list(
        range(1, len(ground.events) + 1)
    )


async def test_lists_as_of_any_position_equal_the_recomputation(ground: Ground) -> None:
    chance = random.Random(5)
    sizes = set()
    for position in random.Random(6).choices(range(len(ground.events) + 1), k=POSITIONS):
        filters, sort = chance.choice(FILTERS), chance.choice(SORTS)
        query = filters | {"sort": sort, "limit": chance.choice([3, 10, 200]), "as_of": position}
        found = await walk(ground.agent, "/v1/incidents", **query)
        assert list(map(plain, found)) == expected(ground.events, position, filters, sort), query
        sizes.add(len(found))
    assert len(sizes) > 5


async def test_single_reads_as_of_any_position_equal_the_recomputation(ground: Ground) -> None:
    chance = random.Random(7)
    for position in chance.choices(range(len(ground.events) + 1), k=POSITIONS):
        incident = chance.choice(ground.ids)
        answer = await ground.agent.get(f"/v1/incidents/{incident}", params={"as_of": position})
        item = recomputed.as_of(ground.events, position).get(incident)
        if item is None:
            assert answer.status_code == 404
            continue
        read = answer.json()
        assert answer.headers["etag"] == f'"{item["version"]}"'
        assert {name: plain(read)[name] for name in item} == item
        assert "actions" not in read


async def test_a_moment_is_the_last_position_recorded_by_then(ground: Ground) -> None:
    chance = random.Random(8)
    by_position = {event["position"]: event for event in ground.events}
    for position in chance.sample(sorted(by_position), 30):
        moment = by_position[position]["recorded_at"]
        last = max(p for p, e in by_position.items() if e["recorded_at"] <= moment)
        found = await walk(ground.agent, "/v1/incidents", as_of=moment, limit=200, sort="number")
        assert list(map(plain, found)) == expected(ground.events, last, {}, "number")


async def test_timelines_and_events_as_of_a_position_end_there(ground: Ground) -> None:
    chance = random.Random(9)
    for position in chance.sample(range(1, len(ground.events)), 30):
        incident = chance.choice(ground.ids)
        known = [e for e in ground.events if e["stream"] == incident and e["position"] <= position]
        for kind in ("events", "timeline"):
            path = f"/v1/incidents/{incident}/{kind}"
            told = await walk(ground.agent, path, as_of=position, limit=2)
            assert [(t["id"], t["position"]) for t in told] == [
                (e["id"], e["position"]) for e in known
            ]


@pytest.mark.parametrize("sort", SORTS)
async def test_a_walk_skips_and_repeats_nothing_while_others_write(
    ground: Ground, sort: str
) -> None:
    chance = random.Random(sort)
    ids, stop = list(ground.ids), asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            if chance.random() < 0.2:
                ids.append(await declare(ground.agent, chance))
            await give_any(ground.agent, chance.choice(ids), chance)

    writing = asyncio.create_task(write())
    walks = [
        (filters, *await walk_at(ground.agent, "/v1/incidents", sort=sort, limit=4, **filters))
        for filters in FILTERS[:4]
    ]
    stop.set()
    await writing
    ground.ids[:] = ids
    ground.events[:] = await exported(ground.agent, ids)
    for filters, position, found in walks:
        assert list(map(plain, found)) == expected(ground.events, position, filters, sort)
    assert walks[0][1] < len(ground.events)
