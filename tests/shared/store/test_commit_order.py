"""Positions are given in commit order: a reader that has seen n has seen all before n."""

import asyncio
import random
import sys
from datetime import UTC, datetime, timedelta
from itertools import cycle

import asyncpg
import pytest

from tests.shared.store.appends import assert_sound, command, rows_of, whole_log
from tests.shared.store.conftest import OpenStore
from tests.shared.store.race import NAIVE, Race, append, insert_naively
from tests.support.postgres import ROOT, Database

SEEDS = (1, 2, 3)
WRITER = """
import asyncio, random, sys
from shared.store.store import Store
from shared.vault import Vault
from tests.shared.store.appends import command
from tests.shared.store.toy import TABLES
async def main(url, seed):
    chance = random.Random(seed)
    store = await Store.open(url, tables=TABLES, vault=Vault(bytes(32)))
    for _ in range(25):
        batch = (command(count=chance.randint(1, 3)) for _ in range(chance.randint(1, 6)))
        await asyncio.gather(*(store.writer.append(each) for each in batch))
    await store.close()
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_reader_skips_a_late_commit_or_sees_the_order_go_back(
    toys: Database, seed: int
) -> None:
    race = Race(toys.app, append, "events", random.Random(seed))
    await race.run()
    everything = list(range(1, len(race.committed) + 1))
    assert sorted(race.committed) == everything
    assert race.seen == [everything] * 3


async def test_the_race_would_catch_a_bare_sequence(toys: Database) -> None:
    owner = await asyncpg.connect(toys.owner)
    await owner.execute(NAIVE)
    await owner.close()
    skipped = 0
    for seed in range(20):
        race = Race(toys.app, insert_naively, "naive", random.Random(seed))
        await race.run()
        skipped += race.skipped()
        if skipped:
            break
    assert skipped > 0


async def test_readers_of_several_processes_log_see_one_dense_order(
    toys: Database, open_store: OpenStore
) -> None:
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, toys.app, str(seed), cwd=ROOT
        )
        for seed in SEEDS
    ]
    store = await open_store()
    waiting = asyncio.gather(*(writer.wait() for writer in writers))
    seen: list[int] = []
    while not waiting.done() or len(seen) < (await store.log.head()).position:
        seen += [e.position for e in await store.log.page(seen[-1] if seen else 0, limit=50)]
    assert await waiting == [0] * len(SEEDS)
    assert seen == list(range(1, len(seen) + 1))
    assert_sound(await whole_log(store))


async def test_recorded_times_never_go_back_though_the_clock_does(open_store: OpenStore) -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    jumps = cycle([0, 3600, -86_400, 5, -1])
    store = await open_store(clock=lambda: start + timedelta(seconds=next(jumps)))
    for _ in range(10):
        await store.writer.append(command())
    log = await whole_log(store)
    assert_sound(log)
    assert log[-1].recorded_at == start + timedelta(seconds=3600)


async def test_a_moment_is_found_among_equal_times(open_store: OpenStore) -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    now = start
    store = await open_store(clock=lambda: now)
    assert await store.log.position_at(start) == 0
    for seconds in (0, 0, 0, 7, 7, 9):
        now = start + timedelta(seconds=seconds)
        await store.writer.append(command())
    moments = [start + timedelta(seconds=s) for s in (-1, 0, 6, 7, 8, 9, 99)]
    assert [await store.log.position_at(m) for m in moments] == [0, 3, 3, 5, 5, 6, 6]


@pytest.mark.parametrize("who", ["app", "owner"])
@pytest.mark.parametrize(
    "change", ["update events set actor = 'x'", "delete from events", "truncate events"]
)
async def test_nobody_rewrites_the_log(
    toys: Database, open_store: OpenStore, who: str, change: str
) -> None:
    store = await open_store()
    await store.writer.append(command())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rows_of(getattr(toys, who), change)
    assert len(await whole_log(store)) == 1
