"""Snapshots shorten a cold load and change nothing else."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from shared.aggregate import Aggregate
from shared.ledger import Ledger, Order
from shared.store.reader import Wanted
from shared.store.store import Store
from tests.shared.store.appends import rows_of
from tests.shared.store.conftest import OpenStore, Toys
from tests.shared.store.toy import TOY, Toy, ToyEvent, begin, count, note
from tests.support.postgres import Database


async def grown(ledger: Toys, events: int) -> UUID:
    stream = uuid4()
    order = Order(stream=stream, actor="user:ada")
    await ledger.execute(Order(stream=stream, actor="user:ada", creates=True), begin, name="Ada")
    await ledger.execute(order, note, text="careful")
    for _ in range(events - 2):
        await ledger.execute(order, count)
    return stream


async def settled(store: Store) -> None:
    """Until what was left for later has been done."""
    while store._later:
        await next(iter(store._later))


@pytest.mark.parametrize("events", [99, 100, 101, 230])
async def test_a_cold_load_equals_the_full_fold(
    ledger: Toys, open_store: OpenStore, events: int
) -> None:
    stream = await grown(ledger, events)
    await settled(ledger.store)
    cold = await Ledger(await open_store(), TOY).current(stream)
    assert cold == await ledger.past(stream)
    assert cold == await ledger.current(stream)
    assert cold.version == events


async def test_a_long_stream_is_loaded_from_its_newest_snapshot(
    ledger: Toys, open_store: OpenStore
) -> None:
    stream = await grown(ledger, 205)
    await settled(ledger.store)
    store = await open_store()
    (tail,) = await store.log.tails([Wanted(stream, 0, TOY.shape)])
    assert tail.snapshot is not None
    assert tail.snapshot[0] == 200
    assert [e.originator_version for e in tail.events] == [201, 202, 203, 204, 205]


async def test_what_is_known_already_is_not_loaded_again(ledger: Toys) -> None:
    stream = await grown(ledger, 120)
    await settled(ledger.store)
    tails = await ledger.store.log.tails(
        [Wanted(stream, 118, TOY.shape), Wanted(uuid4(), 0, TOY.shape)]
    )
    assert [(t.snapshot, len(t.events)) for t in tails] == [(None, 2), (None, 0)]


async def test_a_snapshot_of_other_code_is_never_used(
    ledger: Toys, open_store: OpenStore, toys: Database
) -> None:
    stream = await grown(ledger, 101)
    await settled(ledger.store)
    await rows_of(toys.app, "update snapshots set shape = 'toy@of-other-code', state = 'nonsense'")
    cold = Ledger(await open_store(), TOY)
    assert await cold.current(stream) == await ledger.past(stream)


async def test_code_that_folds_otherwise_ignores_and_replaces_what_it_finds(
    ledger: Toys, open_store: OpenStore, toys: Database
) -> None:
    stream = await grown(ledger, 101)
    await settled(ledger.store)
    other: Aggregate[Toy, ToyEvent] = replace(TOY, name="toy2")
    later = Ledger(await open_store(), other)
    assert (await later.current(stream)).state.total == 99
    await settled(later.store)
    (row,) = await rows_of(toys.app, "select shape, originator_version from snapshots")
    assert tuple(row) == (other.shape, 101)


async def test_an_older_snapshot_never_replaces_a_newer_one(store: Store, toys: Database) -> None:
    stream = uuid4()
    for version in (200, 100):
        await store.save_snapshot(stream, version, "shape", b"%d" % version)
    (row,) = await rows_of(toys.app, "select originator_version, state from snapshots")
    assert tuple(row) == (200, b"200")


async def test_a_snapshot_keeps_its_personal_texts_sealed_and_openable(
    ledger: Toys, open_store: OpenStore, toys: Database
) -> None:
    stream = await grown(ledger, 101)
    await settled(ledger.store)
    (row,) = await rows_of(toys.app, "select state from snapshots")
    assert b"careful" not in row["state"]
    store = await open_store()
    toy = (await Ledger(store, TOY).current(stream)).state
    await store.vault.load(store.pool, [toy.name, *toy.notes])
    assert [store.vault.open(stream, v) for v in (toy.name, *toy.notes)] == ["Ada", "careful"]
