"""One command: load, decide, append, answer; whatever others do meanwhile."""

import asyncio
from uuid import UUID, uuid4

import pytest

from shared.domain import Event
from shared.errors import KeyReused, NotFound, Refused, Stale
from shared.ledger import GuardMoved, Key, Ledger, Order
from tests.shared.store.appends import assert_sound, rows_of, whole_log
from tests.shared.store.conftest import OpenStore, Toys
from tests.shared.store.toy import TOY, Counted, Toy, begin, count, move, take
from tests.support.lamps import give, light
from tests.support.postgres import Database

STREAM = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
BORN = Order(stream=STREAM, actor="user:ada", creates=True)
ORDER = Order(stream=STREAM, actor="user:ada")


def keyed(stream: UUID, *, digest: bytes = b"digest", value: str = "k") -> Order:
    return Order(
        stream=stream,
        actor="user:ada",
        creates=True,
        key=Key("user:ada POST /toys", value, digest),
        detail="kept",
    )


@pytest.fixture
async def other(open_store: OpenStore) -> Toys:
    """A second process with caches of its own."""
    return Ledger(await open_store(), TOY)


async def test_a_command_answers_with_what_is_in_the_log(ledger: Toys) -> None:
    begun = await ledger.execute(BORN, begin, name="Ada")
    counted = await ledger.execute(ORDER, count, by=3)
    assert (begun.version, begun.position, counted.version, counted.position) == (1, 1, 2, 2)
    assert counted.state.total == 3
    assert counted.created_at == begun.created_at == begun.updated_at
    log = await whole_log(ledger.store)
    assert [e.recorded_at for e in log] == [begun.updated_at, counted.updated_at]
    assert counted == await ledger.past(STREAM)


async def test_the_envelope_tells_who_and_why(ledger: Toys) -> None:
    cause, story = uuid4(), uuid4()
    order = Order(
        stream=STREAM,
        actor="user:ada",
        creates=True,
        correlation_id=story,
        causation_id=cause,
        traceparent="00-1-2-3",
    )
    await ledger.execute(order, lambda _: [Counted(), Counted()])
    log = await whole_log(ledger.store)
    told = {(e.actor, e.correlation_id, e.causation_id, e.traceparent) for e in log}
    assert told == {("user:ada", story, cause, "00-1-2-3")}
    assert len({e.command_id for e in log}) == 1
    assert len({e.event_id for e in log}) == 2


async def test_who_knows_only_an_old_state_is_never_refused_for_it(
    ledger: Toys, other: Toys
) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    assert (await other.current(STREAM)).state.total == 0
    await ledger.execute(ORDER, count, by=5)
    assert (await other.execute(ORDER, take, by=5)).state.total == 0
    with pytest.raises(Refused, match="only 0 are left"):
        await ledger.execute(ORDER, take, by=1)


async def test_who_knows_only_an_old_state_never_grants_by_it(ledger: Toys, other: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    await ledger.execute(ORDER, count, by=5)
    assert (await other.current(STREAM)).state.total == 5
    await ledger.execute(ORDER, take, by=5)
    with pytest.raises(Refused, match="only 0 are left"):
        await other.execute(ORDER, take, by=5)


async def test_nothing_new_is_said_only_of_the_newest_state(ledger: Toys, other: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    await ledger.execute(ORDER, move, place="Rome")
    assert (await other.current(STREAM)).state.place == "Rome"
    await ledger.execute(ORDER, move, place="Oslo")
    moved = await other.execute(ORDER, move, place="Rome")
    assert (moved.version, moved.state.place) == (4, "Rome")
    assert await other.execute(ORDER, move, place="Rome") == moved


async def test_parallel_takers_take_exactly_what_there_is(ledger: Toys, other: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    await ledger.execute(ORDER, count, by=10)
    outcomes = await asyncio.gather(
        *((ledger, other)[n % 2].execute(ORDER, take, by=1) for n in range(16)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Refused) for each in outcomes) == 6
    assert not [
        each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Refused)
    ]
    assert (await other.current(STREAM)).state.total == 0
    assert_sound(await whole_log(ledger.store))


async def test_a_reader_of_an_old_version_is_told_so(ledger: Toys, other: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    await ledger.execute(ORDER, count)
    await other.current(STREAM)
    for version in (1, 3):
        with pytest.raises(Stale):
            await ledger.execute(Order(stream=STREAM, actor="a", version=version), count)
    await ledger.execute(Order(stream=STREAM, actor="a", version=2), count)
    with pytest.raises(Stale):
        await other.execute(Order(stream=STREAM, actor="a", version=2), count)
    assert len(await whole_log(ledger.store)) == 3


async def test_of_two_with_the_same_version_one_wins(ledger: Toys, other: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    order = Order(stream=STREAM, actor="a", version=1)
    outcomes = await asyncio.gather(
        ledger.execute(order, count), other.execute(order, count), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Folded", "Stale"]


async def test_a_version_ahead_of_a_stale_cache_is_believed(ledger: Toys, other: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    await other.current(STREAM)
    await ledger.execute(ORDER, count)
    assert (await other.execute(Order(stream=STREAM, actor="a", version=2), count)).version == 3


async def test_a_repeated_key_is_answered_alike_and_stores_nothing(
    ledger: Toys, other: Toys
) -> None:
    first = await ledger.execute(keyed(STREAM), begin, name="Ada")
    await ledger.execute(ORDER, count)
    for again in (ledger, other):
        assert await again.execute(keyed(uuid4()), begin, name="Ada") == first
    assert len(await whole_log(ledger.store)) == 2
    used = await ledger.store.used_key("user:ada POST /toys", "k")
    assert used is not None
    assert (used.stream, used.version, used.detail) == (STREAM, 1, "kept")


async def test_a_key_with_another_body_is_refused(ledger: Toys, other: Toys) -> None:
    await ledger.execute(keyed(STREAM), begin, name="Ada")
    for again in (ledger, other):
        with pytest.raises(KeyReused):
            await again.execute(keyed(uuid4(), digest=b"another"), begin, name="Eve")
    assert len(await whole_log(ledger.store)) == 1


async def test_fifty_parallel_repeats_over_two_processes_are_one_toy(
    ledger: Toys, other: Toys, toys: Database
) -> None:
    answers = await asyncio.gather(
        *((ledger, other)[n % 2].execute(keyed(uuid4()), begin, name="Ada") for n in range(50))
    )
    assert len({answer.stream for answer in answers}) == 1
    assert len(await whole_log(ledger.store)) == 1
    assert len(await rows_of(toys.app, "select 1 from idempotency")) == 1


async def test_a_refused_command_leaves_its_key_unused(ledger: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    order = Order(stream=STREAM, actor="a", key=Key("s", "k", b"d"))
    with pytest.raises(Refused):
        await ledger.execute(order, take, by=1)
    await ledger.execute(ORDER, count)
    assert (await ledger.execute(order, take, by=1)).version == 3


async def test_a_guard_that_moved_is_told_apart(ledger: Toys, other: Toys) -> None:
    guard = uuid4()
    await ledger.execute(BORN, begin, name="Ada")
    await ledger.execute(Order(stream=guard, actor="a", creates=True), begin, name="Guard")
    await other.execute(Order(stream=guard, actor="a"), count)
    for creates in (True, False):
        stream = uuid4() if creates else STREAM
        stale = Order(stream=stream, actor="a", creates=creates, guards=((guard, 1),))
        with pytest.raises(GuardMoved):
            await ledger.execute(stale, count)
    fresh = Order(stream=STREAM, actor="a", guards=((guard, 2),))
    assert (await ledger.execute(fresh, count)).version == 2


async def test_what_does_not_exist_is_not_found(ledger: Toys) -> None:
    with pytest.raises(NotFound):
        await ledger.execute(Order(stream=uuid4(), actor="a"), count)
    with pytest.raises(NotFound):
        await ledger.past(uuid4())


async def test_what_is_made_twice_is_made_once(ledger: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    with pytest.raises(GuardMoved):
        await ledger.execute(BORN, begin, name="Eve")
    assert len(await whole_log(ledger.store)) == 1


async def test_the_past_is_read_by_position_and_by_version(ledger: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")
    other = uuid4()
    await ledger.execute(Order(stream=other, actor="a", creates=True), begin, name="Eve")
    await ledger.execute(ORDER, count, by=4)
    await ledger.execute(ORDER, count, by=4)
    assert [(await ledger.past(STREAM, version=v)).state.total for v in (1, 2, 3)] == [0, 4, 8]
    assert [(await ledger.past(STREAM, position=p)).state.total for p in (1, 2, 3, 4)] == [
        0,
        0,
        4,
        8,
    ]
    with pytest.raises(NotFound):
        await ledger.past(other, position=1)


async def test_a_stream_of_another_kind_is_not_found(ledger: Toys) -> None:
    lamp = uuid4()
    await give(ledger.store, lamp, light, colour="red")
    for read in (ledger.current, ledger.past):
        with pytest.raises(NotFound):
            await read(lamp)
    with pytest.raises(NotFound):
        await ledger.execute(Order(stream=lamp, actor="user:ada"), count)
    assert len(await whole_log(ledger.store)) == 1


async def test_an_error_in_a_command_stores_nothing_and_blocks_nobody(ledger: Toys) -> None:
    await ledger.execute(BORN, begin, name="Ada")

    def broken(toy: Toy) -> list[Event]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ledger.execute(ORDER, broken)  # type: ignore[arg-type]
    assert (await ledger.execute(ORDER, count)).version == 2
