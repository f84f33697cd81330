"""What every test may ask for: a real PostgreSQL, and clean databases on it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from shared.embedded import EmbeddedPostgres
from tests.support.postgres import Database, Databases, new_home, remove_home

NewDatabase = Callable[[str], Awaitable[Database]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One server a test process, gone with it; nothing on it survives a crash."""
    home = new_home()
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    yield server
    server.stop()
    remove_home(home)


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Databases:
    """For fixtures of a wider scope than a test; what they create lives as long as the server."""
    return Databases(postgres)


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[NewDatabase]:
    """`await database("incident")`: a clean database of that service, dropped after the test."""
    made: list[Database] = []

    async def create(kind: str = "kernel") -> Database:
        made.append(await databases.create(kind))
        return made[-1]

    yield create
    for each in made:
        await databases.drop(each)
