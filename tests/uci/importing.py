"""The import as its user runs it, and what the API says of it afterwards."""

import asyncio
import json
import os
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from rich.console import Console

from services.cli.imports.sending import INCIDENTS, Target
from services.cli.imports.uci import UciLog
from services.cli.imports.under_way import Import
from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.support.postgres import ROOT, Databases
from tests.support.service import RunningService
from tests.support.started import client_at, listening
from tests.uci.facts import Event, Row, comparable, row_at, shown, status_of, time_of

AT_ONCE = 8


class Done(NamedTuple):
    """How a run of the command ended."""

    code: int
    report: dict[str, Any]
    said: str


async def importing(
    file: Path, base: str, token: str, *words: str, log: str = "uci-incidents"
) -> Process:
    """`tocsin import` of this log in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    told = {"TOCSIN_URL": base, "TOCSIN_TOKEN": token, "COLUMNS": "200"}
    command = ["-m", "services.cli.main", "import", log, str(file), *words]
    return await asyncio.create_subprocess_exec(
        sys.executable, *command, env=kept | told, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )


async def imported(
    file: Path, base: str, token: str, *words: str, log: str = "uci-incidents"
) -> Done:
    """The same, until it has ended."""
    process = await importing(file, base, token, *words, log=log)
    out, said = await process.communicate()
    report = json.loads(out) if out else {}
    return Done(process.returncode or 0, report, said.decode())


class Ground(NamedTuple):
    """A running service, and how to import into it."""

    service: RunningService
    base: str
    reader: AsyncClient

    async def run(self, file: Path, *words: str) -> Done:
        """The command."""
        return await imported(file, self.base, self.service.token(Role.SERVICE), *words)

    async def take(
        self, file: Path, system: str = "uci", *, zone: str = "UTC", limit: int | None = None
    ) -> dict[str, Any]:
        """What the command does, in this process: its report."""
        client = client_at(self.base, self.service, Role.SERVICE)
        told = Target(client, INCIDENTS, system), Console(file=StringIO())
        run = Import(UciLog(file, ZoneInfo(zone)), *told)
        await run.all(limit)
        return run.report(1.0)


@asynccontextmanager
async def opened(databases: Databases) -> AsyncIterator[Ground]:
    """The incident service behind the real server, and one who reads everything."""
    async with listening("incident", databases) as (service, base):
        reader = client_at(base, service, Role.AUDITOR)
        async with reader:
            yield Ground(service, base, reader)


async def listed(reader: AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """All incidents of a list."""
    found: list[dict[str, Any]] = []
    asked = {"imported": True, "limit": 200} | query
    while True:
        answer = await reader.get("/v1/incidents", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        asked = asked | {"cursor": page["next_cursor"]}


async def events_of(reader: AsyncClient, ids: Sequence[str]) -> list[list[Event]]:
    """The events of each of these incidents."""
    return await _all([_events(reader, each) for each in ids])


async def _events(reader: AsyncClient, incident: str) -> list[Event]:
    answer = await reader.get(f"/v1/incidents/{incident}/events", params={"limit": 200})
    assert answer.json()["next_cursor"] is None
    found: list[Event] = answer.json()["items"]
    return found


async def reads_equal_rows(
    reader: AsyncClient, rows: dict[str, list[Row]], ids: dict[str, str], count: int
) -> None:
    """So many random moments of random incidents, at, between and around their rows."""
    chance = random.Random(count)
    numbers = sorted(rows)

    async def compare() -> None:
        number = chance.choice(numbers)
        near = time_of(chance.choice(rows[number]))
        moment = near + chance.choice([0, 0, 1, -1, 37]) * timedelta(minutes=chance.randint(0, 90))
        params = {"effective_at": moment.isoformat()}
        answer = await reader.get(f"/v1/incidents/{ids[number]}", params=params)
        row = row_at(rows[number], moment)
        if row is None:
            assert answer.status_code == 404, (number, moment)
            return
        read = answer.json()
        assert shown(read) == comparable(row), (number, moment)
        assert (read["status"], read["external_ref"]) == (status_of(row), number)

    await _all([compare() for _ in range(count)])


async def _all(asked: list[Any]) -> list[Any]:
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(each: Any) -> Any:
        async with limit:
            return await each

    return await asyncio.gather(*map(one, asked))
