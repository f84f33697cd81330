"""A small embedder without a model, for tests of the port: letters in threes, counted."""

import hashlib
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from services.problem.known_errors.ledger import KNOWN_ERRORS_PART
from services.problem.known_errors.meaning import Meanings, embedder_of
from services.problem.known_errors.words import words
from shared.settings import SERVICES
from tests.support.postgres import Databases, new_home, remove_home
from tests.support.service import RunningService, running_service
from tests.support.started import NOBODY, create_app_of

SMALL = "tests.problem.known_errors.small:small"
_LENGTH = 256


class Small:
    """A text always has the same vector; those that share letters point about the same way."""

    name = "small-1"

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return [_vector(text) for text in texts]


def small() -> Small:
    """For TOCSIN_EMBEDDER."""
    return Small()


def _vector(text: str) -> list[float]:
    found = [0.0] * _LENGTH
    for word in words(text):
        padded = f" {word.said} "
        for at in range(len(padded) - 2):
            digest = hashlib.blake2b(padded[at : at + 3].encode(), digest_size=4).digest()
            found[int.from_bytes(digest) % _LENGTH] += 1.0
    length = math.sqrt(sum(each * each for each in found)) or 1.0
    return [each / length for each in found]


async def _with_vectors(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create extension vector")
    except asyncpg.FeatureNotSupportedError:
        pytest.skip("this PostgreSQL has no pgvector")
    finally:
        await connection.close()


@asynccontextmanager
async def with_embedder(
    databases: Databases, embedder: str | None
) -> AsyncIterator[RunningService]:
    """The problem service on a database that has pgvector, as its administrator would let it."""
    home, database = new_home(), await databases.create("problem")
    if embedder is not None:
        await _with_vectors(databases.superuser(database))
    others: dict[str, Any] = {f"{name}_url": NOBODY for name in SERVICES}
    create_app = create_app_of("problem")
    async with running_service(create_app, database, home, embedder=embedder, **others) as service:
        yield service
    await databases.drop(database)
    remove_home(home)


async def known_by_meaning(service: RunningService) -> None:
    """Until each published known error has its vector."""
    if service.settings.embedder is not None:
        known_errors = service.service.parts[KNOWN_ERRORS_PART]
        while await Meanings(known_errors, embedder_of(service.settings.embedder)).advance():
            pass
