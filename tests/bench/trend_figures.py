"""Trend rules: how many incidents a second a hundred of them keep up with, and a dry run."""

import asyncio
import json
import os
import sys
import time
from itertools import count
from typing import Any

import asyncpg

from shared.client import AsyncClient, new_client
from tests.bench.ground import Ground, Side
from tests.bench.import_figures import uci_log
from tests.bench.measure import Figure, Pace, compare_rates
from tests.support.postgres import ROOT

WANTED = 2_000.0
_PATH = "/v1/problem/policies/trend-rules"
_REACHED = "select coalesce(max(position), 0) from cursors where name = 'problem-follows-incident'"
_READ = "select * from trend_sightings order by position"
_TRIED = {"name": "tried", "same": ["category"], "at_least": 10, "within_hours": 24}


class TrendFigures:
    """The problem service at the end of a feed."""

    def __init__(self, ground: Ground, pace: Pace, bare: Side, service: Side) -> None:
        self._ground = ground
        self._pace = pace
        self._numbers = count()
        self.beside: dict[str, float] = {}

    async def trend_rules(self) -> Figure:
        """Incidents a second that a follower takes with 100 active rules, against 2,000."""

        async def wanted() -> float:
            return WANTED

        return await compare_rates(self._followed, wanted, self._pace, 1.0, "incidents/s")

    async def trend_dry_run(self) -> Figure:
        """Events of the imported UCI log that a dry run covers a second, against reading them."""
        side, events = await self._imported()

        async def ours() -> float:
            started = time.perf_counter()
            async with self._client(side) as client:
                answer = await client.post(f"{_PATH}/dry-run", json={"rule": _TRIED})
            seconds = time.perf_counter() - started
            told = answer.json()
            if not told["complete"] or not told["raised"]:
                raise RuntimeError(answer.text[:1_000])
            self.beside["s, dry run over the imported log"] = seconds
            self.beside["candidates it would have raised"] = told["raised"]
            return events / seconds

        async def baseline() -> float:
            connection = await asyncpg.connect(side.database)
            started = time.perf_counter()
            await connection.fetch(_READ)
            seconds = time.perf_counter() - started
            await connection.close()
            return events / seconds

        return await compare_rates(ours, baseline, self._pace, 0.0, "events/s")

    async def _followed(self) -> float:
        wanted = self._pace.of(30_000)
        database = await self._ground.database("problem", f"trends_{next(self._numbers)}")
        teller = await self._ground.teller()
        side = await self._service(database, teller)
        async with self._client(side) as client:
            answer = await client.put(_PATH, json={"rules": rules()})
            if answer.status_code != 200:
                raise RuntimeError(answer.text[:1_000])
        idle = side.megabytes
        async with new_client(base_url=teller.base) as client:
            await client.post(f"/tell/{wanted}")
        started = time.perf_counter()
        await _until_reached(database, wanted)
        seconds = time.perf_counter() - started
        self.beside["MB, problem service idle"] = idle
        self.beside[f"MB, after {wanted:,} incidents by 100 rules"] = side.megabytes
        self._ground.end(side)
        self._ground.end(teller)
        return wanted / seconds

    async def _imported(self) -> tuple[Side, int]:
        """A problem service that has heard of all of the log; and how many events that holds."""
        incidents = await self._ground.incident_service(
            await self._ground.incident_database("trend_log")
        )
        side = await self._service(
            await self._ground.database("problem", "trend_log_heard"), incidents
        )
        words = ["--limit", str(self._pace.of(14_952))]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli.main", "import", "uci-incidents"),
            *(str(uci_log(self._ground.home)), *words),
            env=os.environ
            | {"TOCSIN_URL": incidents.base, "TOCSIN_TOKEN": self._ground.token}
            | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        out, _ = await process.communicate()
        connection = await asyncpg.connect(incidents.database)
        head: int = await connection.fetchval("select position from log")
        await connection.close()
        await _until_reached(side.database, head)
        self._ground.end(incidents)
        return side, int(json.loads(out)["events"])

    async def _service(self, database: str, incidents: Side) -> Side:
        """The problem service, which follows these incidents."""
        port = incidents.base.rpartition(":")[2]
        return await self._ground.service("problem", database, {"TOCSIN_INCIDENT_PORT": port})

    def _client(self, side: Side) -> AsyncClient:
        client = new_client(base_url=side.base, timeout=60)
        client.headers["authorization"] = f"Bearer {self._ground.token}"
        return client


def rules() -> list[dict[str, Any]]:
    """A hundred, as an organisation would have them: most are about something of their own."""
    return [_rule(n) | {"name": f"rule-{n}", "at_least": 3 + n % 5} for n in range(100)]


def _rule(n: int) -> dict[str, Any]:
    match n % 10:
        case 0:
            return {"same": ["service", "symptom"], "within_hours": 1 + n // 10}
        case 1:
            burst = {"times": 3, "over_hours": 24}
            where = {"impact": [1], "service": [f"service-{n * 3 + k}" for k in range(10)]}
            return {"same": ["service"], "within_hours": 1, "burst": burst, "where": where}
        case 2 | 3:
            where = {"service": [f"service-{n}", f"service-{n + 100}"]}
            return {"same": ["service"], "similar": 0.6, "within_hours": 4, "where": where}
        case 4:
            return {"same": ["item", "category"], "within_hours": 24}
        case 5 | 6:
            where = {"category": [f"category-{n % 20}"], "title_contains": ["timeout"]}
            return {"same": ["item"], "within_hours": 24, "where": where}
        case _:
            where = {"service": [f"service-{n}"]}
            return {"same": ["service", "category"], "within_hours": 8, "where": where}


async def _until_reached(database: str, position: int) -> None:
    connection = await asyncpg.connect(database)
    while await connection.fetchval(_REACHED) < position:  # noqa: ASYNC110  # another process
        await asyncio.sleep(0.02)
    await connection.close()
