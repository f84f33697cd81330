"""Timers: many that are due at once, with two instances; and what many cost while none is due.

`python -m tests.bench.timer_figures DATABASE` is one instance: it rings until it is ended.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import psutil
import uvloop

from shared.aggregate import Aggregate
from shared.clock import now
from shared.domain import Event, State, event
from shared.ledger import Ledger, Order
from shared.store.store import Store
from shared.timers import Timers
from shared.vault import Vault
from tests.bench.ground import Ground, Side
from tests.bench.measure import Figure, Pace, compare_rates

_TIMERS, _ARMED = 10_000, 100_000
_WITHIN = 15.0
_NAME = "bench"
_MASTER = b"k" * 32
_ARM = """insert into timers (stream, name, due_at)
    select gen_random_uuid(), $3, $2 from generate_series(1, $1)"""
_RUNG = "select count(*), count(distinct originator_id), max(recorded_at) from events"


@event("bench.rung")
class Rung(Event, frozen=True):
    pass


class Rings(State, frozen=True):
    times: int = 0


def ring(rings: Rings) -> Sequence[Rung]:
    return [Rung()]


def evolve(rings: Rings, event: Rung) -> Rings:
    return Rings(times=rings.times + 1)


RINGS: Aggregate[Rings, Rung] = Aggregate("bench", Rings(), evolve)


async def _instance(database: str) -> None:
    store = await Store.open(database, tables=(), vault=Vault(_MASTER))
    ledger = Ledger(store, RINGS)

    async def handle(stream: UUID) -> None:
        await ledger.execute(Order(stream=stream, actor="bench", creates=True), ring)

    await Timers(store, {_NAME: handle}).run()


class TimerFigures:
    """Two instances on one database."""

    def __init__(self, ground: Ground, pace: Pace, bare: Side, service: Side) -> None:
        self._ground = ground
        self._pace = pace
        self._rounds = 0

    async def due_timers(self) -> Figure:
        """10,000 due in one second, each rung once, against the 15 s that are promised.

        Beside it the hundredths of a core that the instances use while 100,000 are armed.
        """
        count = self._pace.of(_TIMERS)

        async def ours() -> float:
            return count / await self._seconds(count)

        async def baseline() -> float:
            return count / _WITHIN

        figure = await compare_rates(ours, baseline, self._pace, 1.0, "timers/s")
        idle = await self._idle(self._pace.seconds * 10)
        runs = figure.runs | {"percent_of_a_core_idle": [round(idle, 2)]}
        return msgspec.structs.replace(figure, runs=runs)

    async def _seconds(self, count: int) -> float:
        database, processes = await self._instances()
        due = now() + timedelta(seconds=2)
        await _execute(database, _ARM, count, due, _NAME)
        rung = await _until_rung(database, count)
        for process in processes:
            process.terminate()
        if rung[:2] != (count, count):
            raise RuntimeError(f"{rung[0]} rings of {rung[1]} timers, {count} were armed")
        return (rung[2] - due).total_seconds()

    async def _idle(self, seconds: float) -> float:
        """Hundredths of a core, of both instances."""
        database, processes = await self._instances()
        await _execute(database, _ARM, _ARMED, now() + timedelta(days=1), _NAME)
        await asyncio.sleep(1)
        used = _cpu(processes)
        await asyncio.sleep(seconds)
        spent = _cpu(processes) - used
        for process in processes:
            process.terminate()
        return spent / seconds * 100

    async def _instances(self) -> tuple[str, list[psutil.Process]]:
        self._rounds += 1
        database = await self._ground.database("notification", f"timers_{self._rounds}")
        command = [sys.executable, "-m", "tests.bench.timer_figures", database]
        started = [self._ground.start(command) for _ in range(2)]
        await asyncio.sleep(2)
        return database, [psutil.Process(each.pid) for each in started]


def _cpu(processes: Sequence[psutil.Process]) -> float:
    return float(sum(sum(each.cpu_times()[:2]) for each in processes))


async def _until_rung(database: str, count: int) -> tuple[int, int, datetime]:
    """How often was rung, for how many, and when the last time; once nothing more happens."""
    deadline = time.monotonic() + 60
    connection = await asyncpg.connect(database)
    while await connection.fetchval("select count(*) from timers"):  # others'
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    found = await connection.fetchrow(_RUNG)
    await connection.close()
    return found[0], found[1], found[2]


async def _execute(database: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(statement, *arguments)
    await connection.close()


if __name__ == "__main__":
    uvloop.run(_instance(sys.argv[1]))
