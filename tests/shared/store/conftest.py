"""A database with the toy's read models, and stores on it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from shared.ledger import Ledger
from shared.store.store import Store
from shared.vault import Vault
from tests.conftest import NewDatabase
from tests.shared.store.toy import DDL, TABLES, TOY, Toy, ToyEvent
from tests.support.postgres import Database

MASTER = bytes(range(32))
OpenStore = Callable[..., Awaitable[Store]]
Toys = Ledger[Toy, ToyEvent]


@pytest.fixture
async def toys(database: NewDatabase) -> Database:
    made = await database("kernel")
    owner = await asyncpg.connect(made.owner)
    await owner.execute(DDL)
    await owner.close()
    return made


@pytest.fixture
async def open_store(toys: Database) -> AsyncIterator[OpenStore]:
    """As another process would: each has its own writer, pool, vault and caches."""
    opened: list[Store] = []

    async def open_one(dsn: str = toys.app, **more: Any) -> Store:
        opened.append(await Store.open(dsn, tables=TABLES, vault=Vault(MASTER), **more))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()


@pytest.fixture
async def ledger(store: Store) -> Toys:
    return Ledger(store, TOY)
