"""Every suite meets an empty log, opened the way a stock application opens it."""

import sys

import pytest
from eventsourcing import cryptography

from tests.conftest import NewDatabase
from tests.support.postgres import Database

# The suites import a cipher whose package we don't need: the library has its twin on another.
sys.modules.setdefault("eventsourcing.cipher", cryptography)


@pytest.fixture(autouse=True)
async def log(database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The environment of a stock application."""
    made = await database("kernel")
    monkeypatch.setenv("PERSISTENCE_MODULE", "shared.store.library")
    monkeypatch.setenv("TOCSIN_EVENT_STORE_URL", made.app)
    return made
