"""Read models are version rows: what they say of any position is what the log says of it."""

import random
from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

import pytest

from shared.ledger import Order
from shared.rebuild import Rebuild, Replayed
from shared.store.reader import Recorded
from shared.store.tables import is_versioned, own_columns
from tests.shared.store.appends import rows_of, whole_log
from tests.shared.store.conftest import OpenStore, Toys
from tests.shared.store.toy import (
    TABLES,
    TEXTS,
    TOY,
    TOYS,
    Counted,
    Noted,
    Toy,
    ToyEvent,
    begin,
    count,
    do_all,
    move,
    note,
)
from tests.support.postgres import Database

AS_OF = """select id, version, total, place, created_at, updated_at from toys
    where from_position <= $1 and (to_position is null or to_position > $1)"""


@pytest.fixture
async def history(ledger: Toys) -> list[Recorded]:
    """A few toys, with commands of one event and of many, mixed."""
    chance = random.Random(11)
    streams = [uuid4() for _ in range(4)]
    for stream in streams:
        born = Order(stream=stream, actor="user:ada", creates=True)
        await ledger.execute(born, begin, name="Ada")
    for _ in range(60):
        order = Order(stream=chance.choice(streams), actor="user:ada")
        match chance.randrange(4):
            case 0:
                counts = [chance.randint(1, 9) for _ in range(chance.randint(1, 5))]
                await ledger.execute(order, do_all, counts=counts, text=f"{chance.random()}")
            case 1:
                await ledger.execute(order, move, place=chance.choice(["Rome", "Oslo"]))
            case 2:
                await ledger.execute(order, note, text=f"{chance.random()}")
            case _:
                await ledger.execute(order, count, by=chance.randint(1, 9))
    return await whole_log(ledger.store)


def recomputed(log: Sequence[Recorded], position: int) -> Mapping[UUID, tuple[object, ...]]:
    """What a plain replay says of this position."""
    states: dict[UUID, Toy] = {}
    rows: dict[UUID, tuple[object, ...]] = {}
    for each in log[:position]:
        stream = each.originator_id
        toy = TOY.evolve(states.get(stream, Toy()), each.event)  # type: ignore[arg-type]
        states[stream] = toy
        born = rows[stream][3] if stream in rows else each.recorded_at
        rows[stream] = (each.originator_version, toy.total, toy.place, born, each.recorded_at)
    return rows


async def test_the_rows_of_every_position_equal_a_replay_to_it(
    history: list[Recorded], toys: Database
) -> None:
    for position in range(len(history) + 1):
        rows = await rows_of(toys.app, AS_OF, position)
        assert {row["id"]: tuple(row)[1:] for row in rows} == recomputed(history, position)


async def test_commands_of_several_events_left_a_row_for_each(
    history: list[Recorded], toys: Database
) -> None:
    sizes = [sum(e.command_id == each.command_id for e in history) for each in history]
    assert max(sizes) > 3
    rows = await rows_of(toys.app, "select from_position from toys order by 1")
    assert [row[0] for row in rows] == [e.position for e in history]


async def test_one_row_of_each_toy_is_open(history: list[Recorded], toys: Database) -> None:
    rows = await rows_of(toys.app, "select id from toys where to_position is null")
    assert sorted(row["id"] for row in rows) == sorted({e.originator_id for e in history})


async def test_a_rebuild_finds_nothing_to_change(
    history: list[Recorded], ledger: Toys, toys: Database
) -> None:
    kinds = ("begun", "noted", "counted", "moved", "wound", "stopped")
    replayed = Replayed({f"toy.{kind}": TOY for kind in kinds}, TABLES)
    rebuilt = await Rebuild(replayed, ledger.store.vault).run(toys.owner, keep=False)
    assert rebuilt.differences == {"toys": 0, "toy_texts": 0}
    assert rebuilt.events == len(history)


async def test_a_rebuild_would_notice_a_row_that_was_changed(
    history: list[Recorded], ledger: Toys, toys: Database
) -> None:
    await rows_of(toys.owner, "update toys set total = total + 1 where from_position = 5")
    replayed = Replayed({f"toy.{k}": TOY for k in ("begun", "noted", "counted", "moved")}, TABLES)
    rebuilt = await Rebuild(replayed, ledger.store.vault).run(toys.owner, keep=True)
    assert rebuilt.differences == {"toys": 2, "toy_texts": 0}
    again = await Rebuild(replayed, ledger.store.vault).run(toys.owner, keep=False)
    assert again.differences == {"toys": 0, "toy_texts": 0}


async def test_a_plain_table_keeps_the_newest_words(ledger: Toys, toys: Database) -> None:
    stream = uuid4()
    await ledger.execute(Order(stream=stream, actor="a", creates=True), begin, name="Ada")
    for text in ("first", "second"):
        await ledger.execute(
            Order(stream=stream, actor="a"), lambda _, t: [Noted(text="draft"), Noted(text=t)], text
        )
    rows = await rows_of(toys.app, "select text from toy_texts")
    assert [row["text"] for row in rows] == ["second"]


async def test_a_command_that_loses_writes_no_row(
    ledger: Toys, open_store: OpenStore, toys: Database
) -> None:
    stream = uuid4()
    folded = await ledger.execute(Order(stream=stream, actor="a", creates=True), begin, name="Ada")
    await ledger.execute(Order(stream=stream, actor="a"), count)
    store = await open_store()
    stale = store.draft(actor="user:eve")
    lost: list[ToyEvent] = [Counted(by=99), Noted(text="stale")]
    stale.add(TOY, folded, lost)
    answer = await store.writer.append(stale.append)
    assert answer.outcome == "conflict"
    rows = await rows_of(toys.app, "select version, total from toys order by version")
    assert [tuple(row) for row in rows] == [(1, 0), (2, 1)]
    assert await rows_of(toys.app, "select 1 from toy_texts") == []


def test_tables_tell_what_a_change_supplies() -> None:
    assert (is_versioned(TOYS), is_versioned(TEXTS)) == (True, False)
    assert own_columns(TOYS) == ["id", "version", "created_at", "total", "place"]
