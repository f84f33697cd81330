"""The way to the database fails at every moment: nothing is lost, doubled or awaited for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.clock import now
from shared.errors import Unavailable
from shared.ledger import Key, Ledger, Order
from shared.store.append import AppendStatement
from shared.store.database import open_pool
from shared.store.store import Store
from shared.store.writer import Writer
from shared.vault import Vault
from tests.shared.store.appends import assert_sound, command, key, rows_of, whole_log
from tests.shared.store.conftest import MASTER
from tests.shared.store.toy import TABLES, TOY, begin, count
from tests.support.postgres import Database
from tests.support.proxy import Proxy, proxied


@pytest.fixture
async def proxy(toys: Database) -> AsyncIterator[Proxy]:
    async with proxied(toys.app) as between:
        yield between


@pytest.fixture
async def store(toys: Database, proxy: Proxy) -> AsyncIterator[Store]:
    """It reads directly and writes through the proxy, with little patience."""
    vault = Vault(MASTER)
    statement = AppendStatement(TABLES, vault.master_id)
    writer = Writer(impatient(proxy), statement, now, patience=1.0)
    opened = Store(toys.app, await open_pool(toys.app), vault, writer, now)
    await writer.append(command())
    yield opened
    await opened.close()


def impatient(proxy: Proxy) -> Callable[[], Awaitable[asyncpg.Connection]]:
    async def connect() -> asyncpg.Connection:
        opened: asyncpg.Connection = await asyncpg.connect(
            proxy.url, timeout=0.3, command_timeout=0.3
        )
        return opened

    return connect


KILL_WRITERS = """select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and query like 'with told%'"""
Fault = Callable[[Proxy], None]
ONE_FAULT = [
    pytest.param(Proxy.lose_next_reply, id="reply lost after commit"),
    pytest.param(Proxy.lose_next_request, id="request lost"),
    pytest.param(Proxy.reset, id="reset between two commands"),
]


@pytest.mark.parametrize("fault", ONE_FAULT)
async def test_a_command_survives_one_lost_connection_and_is_stored_once(
    store: Store, proxy: Proxy, fault: Fault
) -> None:
    fault(proxy)
    batch = [command(count=2) for _ in range(5)]
    answers = await asyncio.gather(*(store.writer.append(each) for each in batch))
    log = await whole_log(store)
    assert_sound(log)
    by_command = {e.command_id: e.position for e in reversed(log)}
    assert [a.first_position for a in answers] == [by_command[c.command_id] for c in batch]
    assert len(log) == 11


async def test_a_lost_reply_is_found_again_by_its_command(store: Store, proxy: Proxy) -> None:
    proxy.lose_next_reply()
    answer = await store.writer.append(command())
    assert (answer.outcome, answer.first_position) == ("already", 2)


@pytest.mark.parametrize("fault", ONE_FAULT)
async def test_a_keyed_command_is_answered_though_its_reply_was_lost(
    toys: Database, store: Store, proxy: Proxy, fault: Fault
) -> None:
    ledger = Ledger(store, TOY)
    order = Order(
        stream=uuid4(), actor="user:ada", creates=True, key=Key("scope", "value", b"digest")
    )
    fault(proxy)
    begun = await ledger.execute(order, begin, name="Ada")
    assert (begun.version, begun.position) == (1, 2)
    assert begun.updated_at == (await store.log.stream(order.stream))[0].recorded_at
    assert len(await rows_of(toys.app, "select 1 from idempotency")) == 1
    assert (await ledger.execute(Order(stream=order.stream, actor="a"), count)).version == 2


async def test_a_slow_answer_is_waited_for(store: Store, proxy: Proxy) -> None:
    proxy.delay = 0.05
    assert (await store.writer.append(command())).outcome == "appended"


async def test_a_killed_backend_is_replaced(toys: Database, store: Store) -> None:
    kill = (
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where query like 'with told%'"
    )
    assert len(await rows_of(toys.app, kill)) == 1
    assert (await store.writer.append(command())).outcome == "appended"


async def test_a_database_that_is_gone_is_unavailable_and_comes_back_by_itself(
    store: Store, proxy: Proxy
) -> None:
    proxy.refuse()
    with pytest.raises(Unavailable):
        await store.writer.append(command())
    await proxy.listen()
    assert (await store.writer.append(command())).outcome == "appended"
    assert len(await whole_log(store)) == 2


async def test_a_database_back_within_our_patience_is_not_even_noticed(
    store: Store, proxy: Proxy
) -> None:
    proxy.refuse()
    waiting = asyncio.create_task(store.writer.append(command()))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await proxy.listen()
    assert (await waiting).outcome == "appended"


async def test_a_silent_connection_is_given_up(store: Store, proxy: Proxy) -> None:
    proxy.freeze()
    with pytest.raises(Unavailable):
        await store.writer.append(command())
    proxy.thaw()
    proxy.reset()
    assert (await store.writer.append(command())).outcome == "appended"
    assert_sound(await whole_log(store))


async def test_what_waits_behind_a_failing_batch_is_told_too(store: Store, proxy: Proxy) -> None:
    proxy.refuse()
    hot: UUID = uuid4()
    batch = [command(hot, n, key=key(f"{n}", hot)) for n in range(3)]
    answers = await asyncio.gather(
        *(store.writer.append(each) for each in batch), return_exceptions=True
    )
    assert [type(each) for each in answers] == [Unavailable] * 3
    await proxy.listen()
    assert (await store.writer.append(batch[0])).outcome == "appended"
