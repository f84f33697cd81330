"""Major incidents on PostgreSQL, with a clock that only we move and timers at our hand."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.incident import lifecycle, policies
from services.incident.app import DEFINITION
from services.incident.catalogue.catalogue import Catalogue
from services.incident.facts import facts_stream
from services.incident.incidents import Incidents
from services.incident.major.due import COMMUNICATIONS
from services.incident.major.grounds import GroundsInForce
from services.incident.major.ringing import ringing
from services.incident.matrix import DEFAULT, Matrix
from shared.domain import Event
from shared.ledger import Order
from shared.policy import set_policy
from shared.store.store import Store
from shared.timers import Timers
from shared.vault import Vault
from tests.conftest import NewDatabase
from tests.support.postgres import Database, Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
MATRIX = Matrix(version=1, cells=DEFAULT)


class Room:
    """Where major incidents are led: a process that may end and begin again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START

    async def open(self) -> None:
        """As a process that begins."""
        self.store = await Store.open(
            self.database.app,
            tables=DEFINITION.tables,
            vault=Vault(bytes(32)),
            clock=lambda: self.now,
        )
        self.incidents = Incidents(self.store)
        self.grounds = GroundsInForce(self.incidents.policies, Catalogue(self.store))
        self.incidents.follow = self.grounds.completed
        await self.grounds.refresh()
        rings = {**policies.timers(self.incidents), COMMUNICATIONS: ringing(self.incidents)}
        self.timers = Timers(self.store, rings)

    async def put(self, policy: str, document: dict[str, Any]) -> None:
        """Another version of a policy."""
        order = Order(stream=self.incidents.policies.stream(policy), actor="mia")
        await self.incidents.policies.execute(order, set_policy, name=policy, document=document)

    async def declare(self, impact: int | None = 1, urgency: int | None = 1, **more: Any) -> UUID:
        """A new incident, of priority 1 unless told otherwise."""
        stream, number = uuid4(), await self.incidents.numbers.next()
        order = Order(stream=stream, actor="ann", creates=True)
        told = {"impact": impact, "urgency": urgency} | more
        await self.incidents.execute(
            order, lifecycle.declare, number=number, title="Down", reporter="rita", matrix=MATRIX,
            **told,
        )  # fmt: skip
        return stream

    async def give(self, incident: UUID, command: Any, *args: Any, **arguments: Any) -> None:
        """A command, now."""
        order = Order(stream=incident, actor="mia")
        await self.incidents.execute(order, command, *args, **arguments)

    async def minutes(self, count: int) -> None:
        """Let so many pass, one after the other, and ring what is due in each."""
        for _ in range(count):
            self.now += timedelta(minutes=1)
            while await self.timers.ring():
                pass

    async def facts(self, incident: UUID) -> list[Event]:
        """What machines have recorded."""
        return [each.event for each in await self.store.log.stream(facts_stream(incident))]

    async def events(self, incident: UUID) -> list[Event]:
        """What people have."""
        return [each.event for each in await self.store.log.stream(incident)]

    async def armed(self) -> list[tuple[str, float]]:
        """The timers but its review's, and in how many minutes after the start each rings."""
        sql = "select name, due_at from timers where name <> 'review' order by due_at"
        found = await rows(self.database, sql)
        minute = timedelta(minutes=1)
        return [(each["name"], (each["due_at"] - START) / minute) for each in found]


@pytest.fixture
async def room(database: NewDatabase) -> AsyncIterator[Room]:
    opened = Room(await database("incident"))
    await opened.open()
    yield opened
    await opened.store.close()


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service
