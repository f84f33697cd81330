"""`python -m tests.bench.storm`: 10,000 alerts of 300 groups within 10 s, counted afterwards.

Peers of one monitor tell each notification twice and out of order. Reported: how long it took,
what was answered, the memory of the service before and after; nothing may be lost or doubled.
"""

import argparse
import asyncio
import random
import sys
import time
from typing import NamedTuple

import asyncpg
import msgspec
import uvloop

from shared.client import AsyncClient, new_client
from tests.bench.alert_figures import notification
from tests.bench.ground import Ground, Side, ground

PATH = "/v1/alerts/alertmanager"
_AT_ONCE = 32
_INCIDENTS = "select count(*) from incidents where to_position is null"
_ATTACHED = """select coalesce(sum(json_array_length(
    convert_from(state, 'UTF8')::json -> 'alerts')), 0)
    from events where topic = 'incident.alerts_attached'"""


class Storm(NamedTuple):
    """How much, and over how many seconds it is spread."""

    alerts: int = 10_000
    groups: int = 300
    seconds: float = 10.0


class Told(msgspec.Struct):
    """What we read of an answer."""

    declared: int
    attached: int
    duplicates: int


class Weathered(NamedTuple):
    """What became of it; `taken` by the answers, the rest by the database."""

    seconds: float
    slowest: float
    refused: int
    taken: Told
    incidents: int
    attached: int


async def weather(client: AsyncClient, database: str, storm: Storm, seed: int = 1) -> Weathered:
    """Send it at its pace, twice; then count."""
    bodies = _bodies(storm, seed)
    pause, slowest, answers = storm.seconds / len(bodies), 0.0, list[Told]()
    refused, free, began = 0, asyncio.Semaphore(_AT_ONCE), time.perf_counter()

    async def tell(number: int, body: bytes) -> None:
        nonlocal slowest, refused
        await asyncio.sleep(max(number * pause - (time.perf_counter() - began), 0))
        async with free:
            sent = time.perf_counter()
            answer = await client.post(PATH, content=body, headers=_JSON)
            slowest = max(slowest, time.perf_counter() - sent)
        if answer.status_code == 200:
            answers.append(msgspec.json.decode(answer.content, type=Told))
        else:
            refused += 1

    await asyncio.gather(*(tell(n, body) for n, body in enumerate(bodies)))
    took = time.perf_counter() - began
    return Weathered(took, slowest, refused, _sum(answers), *await _counted(database))


_JSON = {"content-type": "application/json"}


def _bodies(storm: Storm, seed: int) -> list[bytes]:
    """Each group grows: its notifications hold more and more of its alerts, each told twice."""
    told = []
    for number in range(storm.groups):
        alerts = storm.alerts // storm.groups + (number < storm.alerts % storm.groups)
        for part in sorted({max(alerts // 3, 1), max(2 * alerts // 3, 1), alerts}):
            body = msgspec.json.encode(notification(f"storm-{number}", part))
            told += [body, body]
    random.Random(seed).shuffle(told)  # an order, no secret
    return told


def _sum(answers: list[Told]) -> Told:
    return Told(
        sum(each.declared for each in answers),
        sum(each.attached for each in answers),
        sum(each.duplicates for each in answers),
    )


async def _counted(database: str) -> tuple[int, int]:
    connection = await asyncpg.connect(database)
    incidents = await connection.fetchval(_INCIDENTS)
    attached = await connection.fetchval(_ATTACHED)
    await connection.close()
    return int(incidents), int(attached)


async def _run(storm: Storm) -> bool:
    async with ground() as place:
        side = await place.incident_service(await place.incident_database("storm"))
        before = side.megabytes
        found, after = await _weathered(place, side, storm)
    print(f"{storm.alerts:,} alerts of {storm.groups} groups, told twice and shuffled")
    print(f"{found.seconds:.1f} s, slowest answer {found.slowest:.2f} s, {found.refused} refused")
    print(f"{found.incidents} incidents, {found.attached:,} alerts attached; {found.taken}")
    print(f"{before:.0f} MB before, {after:.0f} MB after")
    return (found.incidents, found.attached) == (storm.groups, storm.alerts)


async def _weathered(place: Ground, side: Side, storm: Storm) -> tuple[Weathered, float]:
    async with new_client(base_url=side.base, timeout=60) as client:
        client.headers["authorization"] = f"Bearer {place.token}"
        found = await weather(client, side.database, storm)
        return found, side.megabytes


def main() -> None:
    """Exit code 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.storm", description=__doc__)
    parser.add_argument("--alerts", type=int, default=Storm().alerts)
    parser.add_argument("--groups", type=int, default=Storm().groups)
    parser.add_argument("--seconds", type=float, default=Storm().seconds)
    asked = parser.parse_args()
    sys.exit(not uvloop.run(_run(Storm(asked.alerts, asked.groups, asked.seconds))))


if __name__ == "__main__":
    main()
