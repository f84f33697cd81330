"""Incidents of many kinds, made over HTTP."""

import random
from typing import Any

from shared.client import AsyncClient

SERVICES = ["checkout", "search", "Billing, EU", "none", None]
GROUPS = ["desk", "network", None]
PEOPLE = ["ada", "bob", None]


async def crowd(agent: AsyncClient, count: int, *, seed: int = 11) -> list[dict[str, Any]]:
    """So many, each with a life of its own; as they look in a list."""
    chance = random.Random(seed)
    for number in range(count):
        await one(agent, chance, number)
    answer = await agent.get("/v1/incidents", params={"limit": 200, "sort": "number"})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def one(agent: AsyncClient, chance: random.Random, number: int) -> str:
    level = chance.choice([None, 1, 2, 3])
    told = {
        "title": chance.choice(["Slow", "Down", "Odd"]) + f" thing {number}",
        "description": "It happens on db-7.example.com",
        "service": chance.choice(SERVICES),
        "item": chance.choice(["db-7", None]),
        "category": chance.choice(["network", "storage", None]),
        "group": chance.choice(GROUPS),
        "assigned_to": chance.choice(PEOPLE),
        "reporter": {"id": chance.choice(["rita", "rob", "ada"])},
        "source": chance.choice(["monitoring", None]),
        "external_ref": chance.choice([f"X-{number % 4}", None]),
        "tags": chance.sample(["vip", "eu", "a,b"], chance.randint(0, 3)),
        "labels": dict(chance.sample([("region", "north"), ("cell", "7"), ("empty", "")], 2)),
        "started_at": f"2026-11-{chance.randint(1, 20):02}T09:58:00Z",
    } | ({} if level is None else {"impact": level, "urgency": chance.randint(1, 3)})
    answer = await agent.post("/v1/incidents", json=told)
    assert answer.status_code == 201, answer.text
    path: str = answer.headers["location"]
    for command, body in _life(chance):
        answer = await agent.post(f"{path}/{command}", json=body)
        assert answer.status_code == 200, answer.text
    return path


def _life(chance: random.Random) -> list[tuple[str, dict[str, Any]]]:
    hold = {"reason": chance.choice(["awaiting_vendor", "awaiting_change"])}
    resolve = {"code": chance.choice(["fixed", "workaround"]), "summary": "Done"}
    lives: list[list[tuple[str, dict[str, Any]]]] = [
        [],
        [("acknowledge", {})],
        [("start", {}), ("hold", hold)],
        [("acknowledge", {}), ("mitigate", {"action": "Failed over"}), ("resolve", resolve)],
        [("resolve", {"code": "known_error", "summary": "So", "known_error": "KE-1"})],
        [("resolve", resolve), ("close", {})],
        [("resolve", resolve), ("reopen", {"reason": "Back"}), ("assign", {"group": "third"})],
        [("cancel", {"reason": "A test"})],
    ]
    return chance.choice(lives)
