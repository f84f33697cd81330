"""A service's incidents with a clock that only we move, its keeper and its timers at our hand."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.incident import events as e
from services.incident import lifecycle
from services.incident.app import DEFINITION
from services.incident.clocks.desk import Desk, Reading
from services.incident.clocks.keeper import Keeper
from services.incident.clocks.ringing import ringing
from services.incident.clocks.rows import TIMER
from services.incident.facts import SlaBreached, SlaWarned, facts_stream
from services.incident.incidents import Incidents
from services.incident.matrix import DEFAULT, Matrix
from shared.ledger import Order
from shared.policy import set_policy
from shared.store.store import Store
from shared.timers import Timers
from shared.vault import Vault
from tests.conftest import NewDatabase
from tests.support.postgres import Database
from tests.support.started import rows

START = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
MATRIX = Matrix(version=1, cells=DEFAULT)


class House:
    """All of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START
        self.store: Store
        self.incidents: Incidents
        self.desk: Desk
        self.keeper: Keeper
        self.timers: Timers

    async def open(self) -> None:
        """As a process that begins."""
        self.store = await Store.open(
            self.database.app,
            tables=DEFINITION.tables,
            vault=Vault(bytes(32)),
            clock=lambda: self.now,
        )
        self.incidents = Incidents(self.store)
        self.desk = Desk(self.incidents)
        self.keeper = Keeper(self.store)
        self.timers = Timers(self.store, {TIMER: ringing(self.desk)})

    def forward(self, **amount: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(**amount)

    async def settle(self) -> None:
        """Keep what has happened, ring what is due, until nothing more follows."""
        while True:
            kept = await self.keeper.step()
            rung = await self.timers.ring()
            if not kept and not rung:
                return

    async def declare(self, impact: int | None = 1, urgency: int | None = 1, **more: Any) -> UUID:
        """A new incident, of priority 1 unless told otherwise."""
        stream, number = uuid4(), await self.incidents.numbers.next()
        order = Order(stream=stream, actor="ann", creates=True)
        told = {"impact": impact, "urgency": urgency} | more
        await self.incidents.execute(
            order, lifecycle.declare, number=number, title="Slow", reporter="rita", matrix=MATRIX,
            **told,
        )  # fmt: skip
        return stream

    async def give(self, stream: UUID, *events: e.IncidentEvent) -> None:
        """Let this happen to an incident."""
        order = Order(stream=stream, actor="ann")
        await self.incidents.execute(order, lambda _: list(events))

    async def put(self, document: dict[str, Any]) -> None:
        """Put a policy of service levels in force."""
        policies = self.incidents.policies
        order = Order(stream=policies.stream("sla"), actor="ida")
        await policies.execute(order, set_policy, name="sla", document=document)

    async def read(self, stream: UUID, **more: Any) -> Reading:
        """An incident's clocks now."""
        return await self.desk.read(stream, self.now, **more)

    async def facts(self, stream: UUID) -> list[SlaWarned | SlaBreached]:
        """What the machine has recorded about its clocks."""
        recorded = await self.store.log.stream(facts_stream(stream))
        events = [each.event for each in recorded]
        return [each for each in events if isinstance(each, SlaWarned | SlaBreached)]

    async def armed(self) -> list[datetime]:
        """When the timers ring."""
        return [r["due_at"] for r in await self.rows("select * from timers order by due_at")]

    async def rows(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Straight from the database."""
        return await rows(self.database, sql, *arguments)


@pytest.fixture
async def house(database: NewDatabase) -> AsyncIterator[House]:
    house = House(await database("incident"))
    await house.open()
    yield house
    await house.store.close()
