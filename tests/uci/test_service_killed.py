"""kill -9 of the service in the middle of an import: the command waits for it and goes on."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from services.cli.local import prepare
from shared.auth.roles import Role
from shared.client import AsyncClient, HTTPError, new_client
from shared.process import free_port
from tests.support.postgres import ROOT, Databases, new_home, remove_home
from tests.support.until import until
from tests.uci import made
from tests.uci.importing import importing, listed

INCIDENTS = 600


class Place(NamedTuple):
    """Where a service may be started, again and again."""

    home: Path
    database: str
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self) -> Process:
        told = {
            "TOCSIN_HOME": str(self.home),
            "TOCSIN_LOCAL": "true",
            "TOCSIN_INCIDENT_DATABASE_URL": self.database,
            "TOCSIN_INCIDENT_PORT": str(self.port),
            "TOCSIN_PROBLEM_PORT": "1",  # nobody
            "TOCSIN_NOTIFICATION_PORT": "1",
            "TOCSIN_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", "services.cli.main", "serve", "incident"]
        return await asyncio.create_subprocess_exec(*command, env=os.environ | told, cwd=ROOT)


@pytest.fixture
async def place(databases: Databases) -> AsyncIterator[Place]:
    home, database = new_home(), await databases.create("incident")
    yield Place(home, database.app, free_port())
    await databases.drop(database)
    remove_home(home)


async def answers(reader: AsyncClient) -> bool:
    try:
        return (await reader.get("/healthz")).status_code == 200
    except HTTPError:
        return False


async def has_begun(reader: AsyncClient) -> bool:
    return bool(await listed(reader))


@pytest.mark.timeout(300)
async def test_killed_midway_nothing_is_lost_or_doubled(place: Place) -> None:
    tokens = prepare(place.home)
    file = made.write(place.home / "many.csv", made.many(INCIDENTS))
    service = await place.serve()
    async with new_client(base_url=place.base, timeout=60) as reader:
        reader.headers["authorization"] = f"Bearer {tokens[Role.AUDITOR]}"
        await until(lambda: answers(reader))
        command = await importing(file, place.base, tokens[Role.SERVICE], "--concurrency", "2")
        await until(lambda: has_begun(reader))
        assert len(await listed(reader)) < INCIDENTS
        service.kill()
        await service.wait()
        service = await place.serve()
        out, said = await command.communicate()
        found = await listed(reader)
    service.terminate()
    await service.wait()
    assert command.returncode == 0, said.decode()
    report = json.loads(out)
    assert report["incidents"] + report["known_incidents"] == INCIDENTS
    assert len({each["external_ref"] for each in found}) == len(found) == INCIDENTS
    assert {each["status"] for each in found} == {"closed"}
