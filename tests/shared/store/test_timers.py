"""Timers are rows, armed and cancelled by the events they belong to, rung by whoever is free."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.ledger import Ledger, Order
from shared.timers import Timers
from tests.shared.store.appends import rows_of
from tests.shared.store.conftest import OpenStore, Toys
from tests.shared.store.toy import ALARM, TOY, Stopped, Wound, begin, count, stop, wind
from tests.support.postgres import Database

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
STREAM = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ORDER = Order(stream=STREAM, actor="user:ada")


class Watch:
    """A clock that only we move."""

    now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def ledger(open_store: OpenStore, watch: Watch) -> Toys:
    ledger = Ledger(await open_store(clock=watch), TOY)
    born = Order(stream=STREAM, actor="user:ada", creates=True)
    await ledger.execute(born, begin, name="Ada")
    return ledger


async def due(database: Database) -> list[datetime]:
    rows = await rows_of(database.app, "select due_at from timers where name = $1", ALARM)
    return [row["due_at"] for row in rows]


async def test_an_event_arms_a_timer_and_another_moves_it(ledger: Toys, toys: Database) -> None:
    await ledger.execute(ORDER, wind, seconds=60)
    assert await due(toys) == [START + timedelta(seconds=60)]
    await ledger.execute(ORDER, wind, seconds=5)
    assert await due(toys) == [START + timedelta(seconds=5)]
    await ledger.execute(ORDER, count)
    assert await due(toys) == [START + timedelta(seconds=5)]


async def test_an_event_cancels_it(ledger: Toys, toys: Database) -> None:
    await ledger.execute(ORDER, wind, seconds=60)
    await ledger.execute(ORDER, stop)
    assert await due(toys) == []
    await ledger.execute(ORDER, stop)
    assert await due(toys) == []


@pytest.mark.parametrize(
    ("events", "armed"),
    [
        ([Wound(seconds=9), Stopped()], []),
        ([Stopped(), Wound(seconds=9)], [9]),
        ([Wound(seconds=9), Wound(seconds=3)], [3]),
    ],
)
async def test_within_a_command_the_last_word_counts(
    ledger: Toys, toys: Database, events: list[Wound | Stopped], armed: list[int]
) -> None:
    await ledger.execute(ORDER, wind, seconds=60)
    await ledger.execute(ORDER, lambda _: list(events))
    assert await due(toys) == [START + timedelta(seconds=s) for s in armed]


async def test_a_command_that_loses_neither_arms_nor_cancels(
    ledger: Toys, open_store: OpenStore, toys: Database, watch: Watch
) -> None:
    await ledger.execute(ORDER, wind, seconds=60)
    folded = await ledger.current(STREAM)
    await ledger.execute(ORDER, count)
    store = await open_store(clock=watch)
    for lost in (Stopped(), Wound(seconds=1)):
        draft = store.draft(actor="user:eve")
        draft.add(TOY, folded, [lost])
        assert (await store.writer.append(draft.append)).outcome == "conflict"
    assert await due(toys) == [START + timedelta(seconds=60)]


async def test_a_due_timer_rings_once_and_is_gone(
    ledger: Toys, toys: Database, watch: Watch
) -> None:
    rung: list[UUID] = []

    async def ring(stream: UUID) -> None:
        rung.append(stream)

    timers = Timers(ledger.store, {ALARM: ring})
    await ledger.execute(ORDER, wind, seconds=60)
    watch.forward(59)
    assert await timers.ring() == 0
    watch.forward(1)
    assert await timers.ring() == 1
    assert await timers.ring() == 0
    assert rung == [STREAM]
    assert await due(toys) == []


async def test_a_handler_that_fails_is_rung_again_after_its_lease(
    ledger: Toys, toys: Database, watch: Watch
) -> None:
    failures = 2

    async def ring(stream: UUID) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise ValueError("not yet")

    timers = Timers(ledger.store, {ALARM: ring})
    await ledger.execute(ORDER, wind, seconds=0)
    assert [await timers.ring(), await timers.ring()] == [1, 0]
    watch.forward(31)
    assert await timers.ring() == 1
    watch.forward(61)
    assert [await timers.ring(), await timers.ring()] == [1, 0]
    assert (failures, await due(toys)) == (-1, [])


async def test_what_the_handler_arms_anew_stays(ledger: Toys, toys: Database, watch: Watch) -> None:
    async def ring(stream: UUID) -> None:
        await ledger.execute(ORDER, wind, seconds=100)

    await ledger.execute(ORDER, wind, seconds=0)
    assert await Timers(ledger.store, {ALARM: ring}).ring() == 1
    assert await due(toys) == [START + timedelta(seconds=100)]


async def test_two_instances_share_the_work_and_ring_nothing_twice(
    ledger: Toys, open_store: OpenStore, watch: Watch
) -> None:
    rung: list[UUID] = []

    async def ring(stream: UUID) -> None:
        rung.append(stream)

    streams = [uuid4() for _ in range(30)]
    for stream in streams:
        born = Order(stream=stream, actor="a", creates=True)
        await ledger.execute(born, lambda _: [Wound(seconds=1)])
    watch.forward(2)
    others = [Timers(await open_store(clock=watch), {ALARM: ring}, batch=10) for _ in range(2)]
    while sum(await asyncio.gather(*(timers.ring() for timers in others))):
        pass
    assert sorted(rung) == sorted(streams)
