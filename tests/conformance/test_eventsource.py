"""eventsource-py's conformance suites for stores, against the production append."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from eventsource.testing import conformance_ports as suites
from eventsource.testing.conformance_ports.stateful import StoreStateMachine
from eventsource.testing.sync_facade import SyncStoreFacade
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conformance.port import LogPort
from tests.support.postgres import Database, Databases


class Opened:
    """Gives a suite its store."""

    @pytest.fixture
    async def store(self, log: Database) -> AsyncIterator[LogPort]:
        port = await LogPort.open(log.app)
        yield port
        await port.close()


class TestAppender(Opened, suites.AppenderConformance):
    pass


class TestStreamReader(Opened, suites.StreamReaderConformance):
    pass


class TestGlobalFeed(Opened, suites.GlobalFeedConformance):
    pass


class TestEventLookup(Opened, suites.EventLookupConformance):
    pass


class TestCategoryQuery(Opened, suites.CategoryQueryConformance):
    pass


@pytest.mark.usefixtures("log")  # has made the template that every example copies
def test_the_store_keeps_to_the_model_of_the_suite(databases: Databases) -> None:
    class Machine(StoreStateMachine):
        def make_store(self) -> SyncStoreFacade:
            self._loop = asyncio.new_event_loop()
            self._database = self._loop.run_until_complete(databases.create("kernel"))
            port = self._loop.run_until_complete(LogPort.open(self._database.app))
            return SyncStoreFacade(port, loop_factory=lambda: self._loop)

        def teardown(self) -> None:
            super().teardown()
            asyncio.run(databases.drop(self._database))

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=20, stateful_step_count=20, deadline=None)
    )
