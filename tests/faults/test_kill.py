"""kill -9 of each process under load: nothing acknowledged is lost, nothing doubled, all heals.

TOCSIN_KILLS says how often (5, once each; the long form is 20).
"""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from shared.client import AsyncClient, HTTPError, new_client
from tests.faults.checker import broken_promises
from tests.faults.load import History, write
from tests.support.installation import Installation, new_installation

VICTIMS = ("incident", "postgres", "caddy", "problem", "notification")
KILLS = int(os.environ.get("TOCSIN_KILLS", "5"))
CLIENTS = 8
HEALED_WITHIN = 60.0  # seconds: what is promised to operators


@pytest.fixture
def running() -> Iterator[Installation]:
    with new_installation() as made:
        made.start()
        yield made


@pytest.mark.timeout(60 + KILLS * 90)
async def test_killed_under_load_nothing_is_lost_or_doubled(running: Installation) -> None:
    history, stop = History(), asyncio.Event()
    async with _client(running) as client:
        clients = [asyncio.create_task(write(client, history, stop, n)) for n in range(CLIENTS)]
        for number in range(KILLS):
            await asyncio.sleep(1)
            running.descendants()[VICTIMS[number % len(VICTIMS)]].kill()
            await _until_healthy(client)
        await asyncio.sleep(1)
        stop.set()
        await asyncio.gather(*clients)
        log = await _exported(client)
    assert history.unexpected == []
    assert len(history.acknowledged) > KILLS * 20
    assert broken_promises(history, log) == []


def _client(running: Installation) -> AsyncClient:
    token = json.loads((running.home / "tokens.json").read_text())["admin"]
    client = new_client(base_url=f"http://127.0.0.1:{running.ports['TOCSIN_PORT']}")
    client.headers["authorization"] = f"Bearer {token}"
    return client


async def _until_healthy(client: AsyncClient) -> None:
    deadline = time.monotonic() + HEALED_WITHIN
    await asyncio.sleep(0.5)  # the kill must have been felt before health is asked for
    while not await _is_healthy(client):
        assert time.monotonic() < deadline, "not healthy again in time"
        await asyncio.sleep(0.2)


async def _is_healthy(client: AsyncClient) -> bool:
    try:
        for service in ("incident", "problem", "notification"):
            if (await client.get(f"/v1/{service}/readyz")).status_code != 200:
                return False
    except HTTPError:
        return False
    return True


async def _exported(client: AsyncClient) -> list[dict[str, Any]]:
    log: list[dict[str, Any]] = []
    after = 0
    while True:
        answer = await client.get("/v1/incident/feed", params={"lastEventId": after})
        answer.raise_for_status()
        log += answer.json()
        if int(answer.headers["tocsin-scanned"]) == after:
            return log
        after = int(answer.headers["tocsin-scanned"])


def test_a_killed_supervisor_leaves_no_process(running: Installation) -> None:
    processes = psutil.Process(running.pid).children(recursive=True)
    assert len(processes) > 5
    assert running.process
    running.process.kill()
    running.process.communicate()
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == []
