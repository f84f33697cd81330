"""Timers: armed by events, rung once by whichever instance is free, again after a failure."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from shared.clock import new_id
from shared.ledger import Ledger
from shared.store.store import Store
from shared.timers import Timers
from shared.work import Work
from tests.support.lamps import LAMP, dim, give, lamp_store, light
from tests.support.postgres import Database, Databases
from tests.support.started import rows
from tests.support.until import until

BURN_OUT = "burn-out"
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Bell:
    """Remembers for which lamps it rang; breaks so many times first."""

    def __init__(self, failures: int = 0) -> None:
        self.rung: Counter[UUID] = Counter()
        self.failures = failures

    async def has_rung(self, lamp: UUID) -> bool:
        return lamp in self.rung

    async def ring(self, lamp: UUID) -> None:
        self.rung[lamp] += 1
        await asyncio.sleep(0)
        if self.rung[lamp] <= self.failures:
            raise ValueError("the bell is broken")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    made = await databases.create("kernel")
    yield made
    await databases.drop(made)


@pytest.fixture
async def store(database: Database, clock: Clock) -> AsyncIterator[Store]:
    async with lamp_store(database, clock=clock) as store:
        yield store


async def lit_lamp(store: Store) -> UUID:
    """Armed to burn out in an hour."""
    lamp = new_id()
    await give(store, lamp, light, colour="red")
    return lamp


async def armed(database: Database) -> list[asyncpg.Record]:
    return await rows(database, "select stream, name, due_at, tries from timers")


async def test_an_event_arms_a_timer_that_rings_when_it_is_due_and_never_again(
    store: Store, database: Database, clock: Clock
) -> None:
    bell, lamp = Bell(), await lit_lamp(store)
    timers = Timers(store, {BURN_OUT: bell.ring})
    clock.now += HOUR - SECOND
    assert await timers.ring() == 0
    clock.now += SECOND
    assert await timers.ring() == 1
    clock.now += 100 * HOUR
    assert await timers.ring() == 0
    assert bell.rung == {lamp: 1}
    assert await armed(database) == []


async def test_a_timer_counts_from_its_event_however_long_the_work_goes_on_already(
    store: Store, database: Database, clock: Clock
) -> None:
    work, lamp = Work(store, actor="tester"), new_id()
    await work.execute(Ledger(store, LAMP), new_id(), dim)
    clock.now += SECOND
    await work.execute(Ledger(store, LAMP), lamp, light, colour="red")
    assert (await work.append()).outcome == "appended"
    assert {t["due_at"] for t in await armed(database) if t["stream"] == lamp} == {clock.now + HOUR}


async def test_a_later_event_cancels_the_timer(
    store: Store, database: Database, clock: Clock
) -> None:
    lamp = await lit_lamp(store)
    await give(store, lamp, dim)
    assert await armed(database) == []
    clock.now += HOUR
    assert await Timers(store, {BURN_OUT: Bell().ring}).ring() == 0


async def test_the_same_event_again_arms_the_timer_anew(store: Store, clock: Clock) -> None:
    bell, lamp = Bell(), await lit_lamp(store)
    timers = Timers(store, {BURN_OUT: bell.ring})
    clock.now += HOUR / 2
    await give(store, lamp, light, colour="green")
    clock.now += HOUR / 2
    assert await timers.ring() == 0
    clock.now += HOUR / 2
    assert await timers.ring() == 1


async def test_what_the_handler_arms_itself_stays_armed(
    store: Store, database: Database, clock: Clock
) -> None:
    lamp = await lit_lamp(store)

    async def light_again(rung: UUID) -> None:
        await give(store, rung, light, colour="green")

    timers = Timers(store, {BURN_OUT: light_again})
    clock.now += HOUR
    await timers.ring()
    assert [(row["stream"], row["due_at"], row["tries"]) for row in await armed(database)] == [
        (lamp, clock.now + HOUR, 0)
    ]


async def test_a_failed_handler_is_tried_again_after_a_lease_that_grows(
    store: Store, database: Database, clock: Clock
) -> None:
    bell, lamp = Bell(failures=3), await lit_lamp(store)
    timers = Timers(store, {BURN_OUT: bell.ring})
    clock.now += HOUR
    for lease in (30, 60, 120):
        assert await timers.ring() == 1
        assert (await armed(database))[0]["due_at"] == clock.now + lease * SECOND
        clock.now += (lease - 1) * SECOND
        assert await timers.ring() == 0
        clock.now += SECOND
    assert await timers.ring() == 1
    assert bell.rung == {lamp: 4}
    assert await armed(database) == []


async def test_one_broken_handler_holds_up_no_other(store: Store, clock: Clock) -> None:
    broken, lamps = Bell(failures=99), [await lit_lamp(store) for _ in range(5)]
    good = Bell()

    async def ring(lamp: UUID) -> None:
        await (broken if lamp == lamps[2] else good).ring(lamp)

    clock.now += HOUR
    assert await Timers(store, {BURN_OUT: ring}).ring() == 5
    assert good.rung == Counter(lamp for lamp in lamps if lamp != lamps[2])


async def test_two_instances_ring_each_timer_once(
    store: Store, database: Database, clock: Clock
) -> None:
    lamps, bell = [await lit_lamp(store) for _ in range(60)], Bell()
    clock.now += HOUR
    async with lamp_store(database, clock=clock) as other:
        instances = [Timers(each, {BURN_OUT: bell.ring}, batch=4) for each in (store, other)]
        while any(await asyncio.gather(*(timers.ring() for timers in instances * 2))):
            pass
    assert bell.rung == Counter(lamps)
    assert await armed(database) == []


async def test_a_timer_that_somebody_holds_is_stepped_over_not_waited_for(
    store: Store, database: Database, clock: Clock
) -> None:
    held, free = await lit_lamp(store), await lit_lamp(store)
    bell = Bell()
    timers = Timers(store, {BURN_OUT: bell.ring})
    clock.now += HOUR
    connection = await asyncpg.connect(database.owner)
    async with connection.transaction():
        await connection.execute("select * from timers where stream = $1 for update", held)
        assert await timers.ring() == 1
        assert bell.rung == {free: 1}
    await connection.close()
    assert await timers.ring() == 1
    assert bell.rung == {free: 1, held: 1}


async def test_a_timer_nobody_here_handles_is_left_to_others(
    store: Store, database: Database, clock: Clock
) -> None:
    await lit_lamp(store)
    clock.now += HOUR
    assert await Timers(store, {"something else": Bell().ring}).ring() == 0
    assert len(await armed(database)) == 1


async def _none_is_armed(database: Database) -> bool:
    return not await armed(database)


async def test_a_slow_handler_holds_up_nobody(database: Database, clock: Clock) -> None:
    slow, bell = asyncio.Event(), Bell()

    async def dawdle(lamp: UUID) -> None:
        await bell.ring(lamp)
        await slow.wait()

    async with lamp_store(database, clock=clock) as store:
        first = await lit_lamp(store)
        clock.now += HOUR
        running = asyncio.create_task(Timers(store, {BURN_OUT: dawdle}).run())
        await until(lambda: bell.has_rung(first))
        second = await lit_lamp(store)
        clock.now += HOUR
        await until(lambda: bell.has_rung(second))
        slow.set()
        running.cancel()
        await asyncio.wait([running])


async def test_running_it_rings_what_is_due_and_what_becomes_due(
    database: Database, clock: Clock
) -> None:
    bell = Bell()
    async with lamp_store(database, clock=clock) as store:
        early = await lit_lamp(store)
        clock.now += HOUR
        running = asyncio.create_task(Timers(store, {BURN_OUT: bell.ring}).run())
        await until(lambda: bell.has_rung(early))
        await until(lambda: _none_is_armed(database))
        late = await lit_lamp(store)
        clock.now += HOUR
        await until(lambda: bell.has_rung(late))
        running.cancel()
        await asyncio.wait([running])
    assert bell.rung == {early: 1, late: 1}
