"""Read models are what the log says: made anew they do not differ, row by row."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.cli.rebuild import rebuilt_models
from services.incident.app import DEFINITION, create_app
from services.incident.clocks.keeper import KeptRows
from shared.client import AsyncClient
from tests.conftest import NewDatabase
from tests.support.service import RunningService, running_service

STORY = [
    ("acknowledge", {}),
    ("note", {"text": "Looking at it"}),
    ("assign", {"group": "payments"}),
    ("resolve", {"code": "fixed", "summary": "Rolled back"}),
    ("reopen", {"reason": "It is back"}),
]


@pytest.fixture
async def running(database: NewDatabase, tmp_path: Path) -> AsyncIterator[RunningService]:
    async with running_service(create_app, await database("incident"), tmp_path) as made:
        yield made


async def _told(client: AsyncClient, number: int) -> None:
    body = {"title": f"Trouble {number}", "description": "All of it", "tags": ["a"]}
    declared = await client.post("/v1/incidents", json=body)
    for command, arguments in STORY:
        path = f"{declared.headers['location']}/{command}"
        (await client.post(path, json=arguments)).raise_for_status()


async def test_a_rebuild_finds_nothing_to_change(running: RunningService) -> None:
    async with running.client() as client:
        await asyncio.gather(*(_told(client, number) for number in range(20)))
        before = (await client.get("/v1/incidents?limit=200&sort=number")).json()
        rebuilt = await rebuilt_models(DEFINITION, running.settings, keep=True)
        after = (await client.get("/v1/incidents?limit=200&sort=number")).json()
    assert (rebuilt.events, rebuilt.rows) == (120, 140)
    assert set(rebuilt.differences.values()) == {0}
    assert after == before


async def test_nobody_waits_for_a_check(
    running: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(self: KeptRows, connection: asyncpg.Connection) -> int:
        waiting.set()
        await go_on.wait()
        return await replay(self, connection)

    replay = KeptRows.replay
    monkeypatch.setattr(KeptRows, "replay", slowly)
    async with running.client() as client:
        await _told(client, 1)
        check = asyncio.create_task(rebuilt_models(DEFINITION, running.settings, keep=False))
        await waiting.wait()
        await _told(client, 2)
        shown = (await client.get("/v1/incidents")).json()["items"]
        go_on.set()
        checked = await check
    assert len(shown) == 2
    assert checked.events == 6
    assert set(checked.differences.values()) == {0}


async def test_a_row_that_was_tampered_with_is_found_and_put_right(running: RunningService) -> None:
    async with running.client() as client:
        await _told(client, 1)
        connection = await asyncpg.connect(running.database.app)
        await connection.execute("update incidents set title = 'Nothing' where version = 2")
        await connection.close()
        checked = await rebuilt_models(DEFINITION, running.settings, keep=False)
        repaired = await rebuilt_models(DEFINITION, running.settings, keep=True)
        again = await rebuilt_models(DEFINITION, running.settings, keep=False)
    found = {name: count for name, count in checked.differences.items() if count}
    assert found == {"incidents": 2}  # the row that stands, and the one that should
    assert repaired.differences == checked.differences
    assert set(again.differences.values()) == {0}
