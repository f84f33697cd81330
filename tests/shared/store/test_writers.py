"""Group commit: several writers, hot streams, and losers that harm nobody."""

import asyncio
import random
from collections import Counter
from uuid import UUID, uuid4

import pytest
from asyncpg.exceptions import PostgresError

from shared.store.append import Append, CursorMove
from shared.store.store import Store
from tests.shared.store.appends import (
    assert_sound,
    command,
    key,
    new_events,
    rows_of,
    whole_log,
)
from tests.shared.store.conftest import OpenStore
from tests.support.postgres import Database


async def outcomes(store: Store, *commands: Append) -> list[str]:
    """Handed over at once, so they share a batch where they may."""
    answers = await asyncio.gather(*(store.writer.append(each) for each in commands))
    return [answer.outcome for answer in answers]


async def test_two_writers_on_hot_streams_leave_no_hole_and_lose_nothing(
    open_store: OpenStore,
) -> None:
    stores = [await open_store() for _ in range(2)]
    streams = [uuid4() for _ in range(5)]
    chance = random.Random(7)
    won: Counter[UUID] = Counter()

    async def client(store: Store) -> None:
        for _ in range(15):
            stream = chance.choice(streams)
            while True:
                events = await store.log.stream(stream)
                answer = await store.writer.append(command(stream, len(events), 2))
                if answer.outcome == "appended":
                    won[stream] += 2
                    break

    await asyncio.gather(*(client(store) for store in stores for _ in range(6)))
    log = await whole_log(stores[0])
    assert_sound(log)
    assert Counter(each.originator_id for each in log) == won


async def test_a_stale_command_loses_alone(store: Store) -> None:
    hot = uuid4()
    await store.writer.append(command(hot, 0, 3))
    stale, neighbours = command(hot, 2), [command() for _ in range(4)]
    told = await outcomes(store, *neighbours[:2], stale, *neighbours[2:])
    assert told == ["appended", "appended", "conflict", "appended", "appended"]
    assert_sound(await whole_log(store))


async def test_a_used_key_loses_alone_and_writes_nothing(store: Store) -> None:
    first = uuid4()
    await store.writer.append(command(first, key=key("k", first)))
    again = uuid4()
    told = await outcomes(store, command(), command(again, key=key("k", again)), command())
    assert told == ["appended", "key_taken", "appended"]
    assert await store.log.stream(again) == []


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param({"actor": "nul \0"}, id="the server refuses it"),
        pytest.param({"actor": "surrogate \ud800"}, id="the driver cannot encode it"),
        pytest.param({"actor": ""}, id="a constraint forbids it"),
    ],
)
async def test_a_command_the_database_cannot_take_fails_alone(
    store: Store, poison: dict[str, str]
) -> None:
    poisoned = command()
    poisoned.actor = poison["actor"]
    batch = [command(), poisoned, command()]
    answers = await asyncio.gather(
        *(store.writer.append(each) for each in batch), return_exceptions=True
    )
    assert isinstance(answers[1], PostgresError | ValueError)
    log = await whole_log(store)
    assert [e.command_id for e in log] == [batch[0].command_id, batch[2].command_id]
    assert_sound(log)


async def test_a_hundred_streams_go_in_one_append_or_not_at_all(store: Store) -> None:
    streams = [uuid4() for _ in range(100)]
    moved = streams[57]
    await store.writer.append(command(moved))

    def merge(known: dict[UUID, int]) -> Append:
        events = [e for s in streams for e in new_events(s, known.get(s, 0), 1)]
        expected = {s: known.get(s, 0) for s in streams}
        return command(expected=expected, events=events)

    assert await outcomes(store, merge({})) == ["conflict"]
    assert (await store.log.head()).position == 1
    assert await outcomes(store, merge({moved: 1})) == ["appended"]
    log = await whole_log(store)
    assert_sound(log)
    assert len(log) == 101


async def test_a_guard_that_moved_refuses_the_command(store: Store) -> None:
    guard = uuid4()
    assert await outcomes(store, command(guard, 0, 2)) == ["appended"]
    for known, outcome in ((1, "conflict"), (0, "conflict"), (3, "conflict"), (2, "appended")):
        guarded = command()
        guarded.expected[guard] = known
        assert await outcomes(store, guarded) == [outcome]
    assert len(await store.log.stream(guard)) == 2


async def test_a_guard_and_its_change_never_share_a_batch(store: Store) -> None:
    guard = uuid4()
    guarded = command()
    guarded.expected[guard] = 0
    assert await outcomes(store, command(guard), guarded) == ["appended", "conflict"]


async def test_a_cursor_moves_from_where_it_stands_or_nothing_is_written(store: Store) -> None:
    def step(start: int, end: int) -> Append:
        return command(cursor=CursorMove("follower", uuid4(), start, end, "hash"))

    assert await outcomes(store, step(0, 4)) == ["appended"]
    assert await outcomes(store, step(0, 4)) == ["behind"]
    assert await outcomes(store, step(3, 5)) == ["behind"]
    assert await outcomes(store, step(4, 9)) == ["appended"]
    assert (await store.log.head()).position == 2


async def test_fifty_repeats_over_two_writers_are_in_the_log_once(
    toys: Database, open_store: OpenStore
) -> None:
    stores = [await open_store() for _ in range(2)]
    repeats = [command() for _ in range(50)]
    for each in repeats:
        each.key = key("once", each.events[0].stream)
    answers = await asyncio.gather(
        *(stores[n % 2].writer.append(each) for n, each in enumerate(repeats))
    )
    told = Counter(answer.outcome for answer in answers)
    assert told == {"appended": 1, "key_taken": 49}
    assert len(await whole_log(stores[0])) == 1
    assert len(await rows_of(toys.app, "select 1 from idempotency")) == 1


async def test_the_newest_position_is_told_exactly(store: Store) -> None:
    await store.writer.append(command(count=3))
    assert store.pulse.position == 3
    only_a_step = command(events=[], expected={}, cursor=CursorMove("f", None, 0, 1, ""))
    await store.writer.append(only_a_step)
    assert store.pulse.position == (await store.log.head()).position == 3
    assert not await store.pulse.beyond(3, 0)


async def test_a_caller_that_goes_away_harms_neither_its_command_nor_the_rest(
    store: Store,
) -> None:
    gone, other = command(), command()
    leaving = asyncio.create_task(store.writer.append(gone))
    staying = asyncio.create_task(store.writer.append(other))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).outcome == "appended"
    assert {e.command_id for e in await whole_log(store)} == {gone.command_id, other.command_id}
