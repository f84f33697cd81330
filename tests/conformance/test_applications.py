"""The eventsourcing library's own suites for applications and projections, on our log."""

import os

import asyncpg
import pytest
from eventsourcing.tests import application as applications
from eventsourcing.tests import projection as projections
from eventsourcing.utils import Environment

from shared.store.library import Factory
from tests.conformance.counters import DDL, Counters
from tests.conftest import NewDatabase
from tests.support.postgres import Database


class TestExampleApplication(applications.ExampleApplicationTestCase):
    expected_factory_topic = "shared.store.library:Factory"


@pytest.mark.filterwarnings("default:'log' is deprecated:DeprecationWarning")
class TestApplication(applications.ApplicationTestCase):
    pass


@pytest.fixture
async def counters(log: Database) -> None:
    connection = await asyncpg.connect(log.owner)
    await connection.execute(DDL)
    await connection.close()


@pytest.mark.usefixtures("counters")
class TestView(projections.EventCountersViewTestCase):
    def construct_event_counters_view(self) -> Counters:
        return Factory(Environment("suite", os.environ)).tracking_recorder(Counters)


@pytest.mark.usefixtures("counters")
class TestProjection(projections.AggregateEventCountersProjectionTestCase):
    view_class = Counters


@pytest.fixture
async def own_log(database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a log and appends what it makes of it needs a log of its own."""
    monkeypatch.setenv("COUNTERS_TOCSIN_EVENT_STORE_URL", (await database("kernel")).app)


@pytest.mark.usefixtures("own_log")
class TestEventSourcedProjection(projections.EventSourcedProjectionTestCase):
    pass
