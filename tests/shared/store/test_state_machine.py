"""Any interleaving of commands through two processes: the log, the model and the rows agree."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shared.clock import now
from shared.errors import Refused, Stale
from shared.ledger import Key, Ledger, Order
from shared.store.store import Store
from shared.vault import Vault
from tests.shared.store.appends import assert_sound, rows_of, whole_log
from tests.shared.store.conftest import MASTER
from tests.shared.store.toy import DDL, TABLES, TOY, Toy, begin, count, do_all, move, take
from tests.support.postgres import Database, Databases

WHO = st.integers(0, 1)
AMOUNTS = st.integers(1, 5)


class TwoProcesses(RuleBasedStateMachine):
    """A model of totals beside two ledgers on one database."""

    databases: Databases
    streams = Bundle("streams")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.totals: dict[UUID, int] = {}
        self.versions: dict[UUID, int] = {}
        self.keys: dict[str, tuple[UUID, int]] = {}

    def wait(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        self.database: Database = self.wait(self.databases.create("kernel"))
        self.wait(make_tables(self.database))
        opening = (
            Store.open(self.database.app, tables=TABLES, vault=Vault(MASTER), clock=now)
            for _ in range(2)
        )
        self.stores: list[Store] = [self.wait(each) for each in opening]
        self.ledgers = [Ledger(store, TOY) for store in self.stores]

    @rule(target=streams, who=WHO)
    def begin(self, who: int) -> UUID:
        stream = uuid4()
        order = Order(stream=stream, actor="user:ada", creates=True)
        self.wait(self.ledgers[who].execute(order, begin, name="Ada"))
        self.totals[stream], self.versions[stream] = 0, 1
        return stream

    @rule(stream=streams, who=WHO, counts=st.lists(AMOUNTS, max_size=4))
    def do_all(self, stream: UUID, who: int, counts: list[int]) -> None:
        order = Order(stream=stream, actor="user:ada")
        self.wait(self.ledgers[who].execute(order, do_all, counts=counts, text="words"))
        self.totals[stream] += sum(counts)
        self.versions[stream] += len(counts) + 1

    @rule(stream=streams, who=WHO, by=AMOUNTS)
    def take(self, stream: UUID, who: int, by: int) -> None:
        order = Order(stream=stream, actor="user:ada")
        try:
            self.wait(self.ledgers[who].execute(order, take, by=by))
        except Refused:
            assert self.totals[stream] < by
        else:
            assert self.totals[stream] >= by
            self.totals[stream] -= by
            self.versions[stream] += 1

    @rule(stream=streams, who=WHO, version=st.integers(1, 8))
    def count_if_match(self, stream: UUID, who: int, version: int) -> None:
        order = Order(stream=stream, actor="user:ada", version=version)
        try:
            self.wait(self.ledgers[who].execute(order, count))
        except Stale:
            assert self.versions[stream] != version
        else:
            assert self.versions[stream] == version
            self.totals[stream] += 1
            self.versions[stream] += 1

    @rule(stream=streams, who=WHO, value=st.sampled_from("abc"))
    def count_once(self, stream: UUID, who: int, value: str) -> None:
        order = Order(stream=stream, actor="user:ada", key=Key("scope", value, b"digest"))
        answer = self.wait(self.ledgers[who].execute(order, count))
        if value not in self.keys:
            self.totals[stream] += 1
            self.versions[stream] += 1
            self.keys[value] = stream, self.versions[stream]
        assert (answer.stream, answer.version) == self.keys[value]

    @rule(stream=streams, by=AMOUNTS)
    def both_at_once(self, stream: UUID, by: int) -> None:
        order = Order(stream=stream, actor="user:ada")

        async def together() -> None:
            await asyncio.gather(*(each.execute(order, count, by=by) for each in self.ledgers))

        self.wait(together())
        self.totals[stream] += 2 * by
        self.versions[stream] += 2

    @rule(stream=streams, who=WHO, place=st.sampled_from(["Rome", "Oslo"]))
    def move(self, stream: UUID, who: int, place: str) -> None:
        order = Order(stream=stream, actor="user:ada")
        moved = self.wait(self.ledgers[who].execute(order, move, place=place))
        assert moved.version - self.versions[stream] in (0, 1)
        self.versions[stream] = moved.version

    @invariant()
    def log_model_and_rows_agree(self) -> None:
        if not self.totals:
            return
        log = self.wait(whole_log(self.stores[0]))
        assert_sound(log)
        replayed: dict[UUID, Toy] = {}
        for each in log:
            before = replayed.get(each.originator_id, Toy())
            replayed[each.originator_id] = TOY.evolve(before, each.event)
        assert {stream: toy.total for stream, toy in replayed.items()} == self.totals
        assert self.wait(open_rows(self.stores[1])) == {
            stream: (self.versions[stream], total) for stream, total in self.totals.items()
        }

    def teardown(self) -> None:
        for store in getattr(self, "stores", ()):
            self.wait(store.close())
        if hasattr(self, "database"):
            self.wait(self.databases.drop(self.database))
        self.loop.close()


async def make_tables(database: Database) -> None:
    for statement in filter(str.strip, DDL.split(";")):
        await rows_of(database.owner, statement)


async def open_rows(store: Store) -> dict[UUID, tuple[int, int]]:
    query = "select id, version, total from toys where to_position is null"
    return {row[0]: (row[1], row[2]) for row in await store.pool.fetch(query)}


@pytest.mark.usefixtures("toys")  # has made the template that every example copies
def test_two_processes_never_disagree_with_the_model(databases: Databases) -> None:
    machine = type("Machine", (TwoProcesses,), {"databases": databases})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
        ),
    )
