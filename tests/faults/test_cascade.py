"""kill -9 of either service while a problem carries its incidents along: no half cascade is left.

TOCSIN_CASCADE says how many incidents (80; the long form, `make cascade`, has 300).
"""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from services.cli.local import prepare
from shared.auth.roles import Role
from shared.client import AsyncClient, HTTPError, new_client
from shared.process import free_port
from tests.support.postgres import ROOT, Database, Databases, new_home, remove_home
from tests.support.started import rows
from tests.support.until import until

MANY = int(os.environ.get("TOCSIN_CASCADE", "80"))
NAMES = ("incident", "problem")
AGAIN = {502, 503, 504}


@dataclass
class Place:
    """Two services that follow each other, each a process that can be killed."""

    home: Path
    databases: dict[str, Database]
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in NAMES})
    processes: dict[str, Process] = field(default_factory=dict)
    clients: dict[str, AsyncClient] = field(default_factory=dict)

    async def serve(self, name: str) -> None:
        told = {
            "TOCSIN_HOME": str(self.home),
            "TOCSIN_LOCAL": "true",
            "TOCSIN_NOTIFICATION_PORT": "1",  # nobody
            "TOCSIN_LOG_LEVEL": "error",
        }
        told |= {f"TOCSIN_{n.upper()}_DATABASE_URL": self.databases[n].app for n in NAMES}
        told |= {f"TOCSIN_{n.upper()}_PORT": str(port) for n, port in self.ports.items()}
        command = [sys.executable, "-m", "services.cli.main", "serve", name]
        self.processes[name] = await asyncio.create_subprocess_exec(
            *command, env=os.environ | told, cwd=ROOT
        )

    async def kill(self, name: str) -> None:
        """And begin anew; what the dead one had in hand is due at once, not after its lease."""
        self.processes[name].kill()
        await self.processes[name].wait()
        await rows(self.databases[name], "update work_items set due_at = now() returning 1")
        await self.serve(name)

    async def post(self, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Until somebody answers."""
        while True:
            try:
                answer = await self.clients[name].post(path, json=body)
            except HTTPError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code not in AGAIN:
                assert answer.is_success, answer.text
                found: dict[str, Any] = answer.json()
                return found
            await asyncio.sleep(0.1)

    async def nothing_is_left(self) -> bool:
        """Whether every work list has been gone through."""
        try:
            answer = await self.clients["incident"].get("/v1/incident/work-lists")
        except HTTPError:
            return False  # it is not back yet
        return {each["left"] for each in answer.json()["items"]} == {0}

    async def in_status(self, status: str) -> int:
        sql = "select count(*) from incidents where to_position is null and status = $1"
        return int((await rows(self.databases["incident"], sql, status))[0][0])


@pytest.fixture
async def place(databases: Databases) -> AsyncIterator[Place]:
    home = new_home()
    made = Place(home, {name: await databases.create(name) for name in NAMES})
    token = prepare(home)[Role.ADMIN]
    for name in NAMES:
        await made.serve(name)
        client = new_client(base_url=f"http://127.0.0.1:{made.ports[name]}", timeout=30)
        client.headers["authorization"] = f"Bearer {token}"
        made.clients[name] = client
    yield made
    for name in NAMES:
        await made.clients[name].aclose()
        made.processes[name].terminate()
        await made.processes[name].wait()
        await databases.drop(made.databases[name])
    remove_home(home)


async def _declared(place: Place) -> list[str]:
    async def one(number: int) -> str:
        body = {"title": f"Slow {number}", "service": "checkout"}
        return str((await place.post("incident", "/v1/incidents", body))["id"])

    limit = asyncio.Semaphore(16)

    async def limited(number: int) -> str:
        async with limit:
            return await one(number)

    return await asyncio.gather(*map(limited, range(MANY)))


async def _raised(place: Place, incidents: list[str]) -> str:
    """With all of them, which are to wait for it."""
    sql = "select count(*) from incident_copies"

    async def known() -> bool:
        return int((await rows(place.databases["problem"], sql))[0][0]) == MANY

    await until(known)
    body = {"title": "Pools run dry", "incidents": incidents, "hold": True}
    return f"/v1/problems/{(await place.post('problem', '/v1/problems', body))['id']}"


async def _broken_off(place: Place, status: str) -> None:
    """Kill the incident service when some are in this status, and wait until all are."""

    async def begun() -> bool:
        return await place.in_status(status) > 0

    async def all_are() -> bool:
        return await place.in_status(status) == MANY

    await until(begun)
    await place.kill("incident")
    await until(all_are)


@pytest.mark.timeout(300)
async def test_killed_midway_every_incident_goes_the_whole_way_once(place: Place) -> None:
    incidents = await _declared(place)
    problem = await _raised(place, incidents)
    await _broken_off(place, "on_hold")
    for command, body in _TO_THE_FIX:
        await place.post("problem", f"{problem}/{command}", body)
    await place.post("problem", f"{problem}/resolve", {"summary": "Bigger pools"})
    await place.kill("problem")  # it has promised, and perhaps told nobody yet
    await _broken_off(place, "resolved")
    for topic in ("incident.held", "incident.resolved", "incident.problem_moved"):
        assert await _times(place, topic) == [1] * MANY, topic
    await until(place.nothing_is_left)


async def _times(place: Place, topic: str) -> list[int]:
    """How often it happened to each incident."""
    sql = "select count(*) from events where topic = $1 group by originator_id"
    return [row[0] for row in await rows(place.databases["incident"], sql, topic)]


_TO_THE_FIX: list[tuple[str, dict[str, Any]]] = [
    ("assess", {"category": "application", "impact": 1, "urgency": 2, "owner": "grace"}),
    ("confirm", {}),
    ("record-root-cause", {"cause": "Sizes are set by hand", "evidence": ["review"]}),
    ("plan-fix", {"fix": "Derive them", "target_date": "2099-01-31"}),
]
