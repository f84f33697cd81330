"""Owners of action items are reminded the day before, and told once when they are late."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.incident import lifecycle
from services.incident.app import DEFINITION
from services.incident.facts import facts_stream
from services.incident.incidents import Incidents
from services.incident.matrix import DEFAULT, Matrix
from services.incident.regulators.desk import RegulatorsDesk
from services.incident.review import events as r
from services.incident.review.desk import ReviewDesk
from services.incident.review.events import review_stream
from services.incident.review.review import REMINDER
from services.incident.review.ringing import reminding
from shared.ledger import Order
from shared.store.store import Store
from shared.timers import Timers
from shared.vault import Vault
from tests.conftest import NewDatabase
from tests.support.postgres import Database
from tests.support.started import rows

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADDED = r.ActionItemAdded(item=1, title="Pool", owner="ann", due=date(2026, 3, 20))


class House:
    """A review, and a clock that only we move."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START
        self.incident = uuid4()

    async def open(self) -> None:
        self.store = await Store.open(
            self.database.app,
            tables=DEFINITION.tables,
            vault=Vault(bytes(32)),
            clock=lambda: self.now,
        )
        incidents = Incidents(self.store)
        self.desk = ReviewDesk(incidents, RegulatorsDesk(incidents))
        self.timers = Timers(self.store, {REMINDER: reminding(self.desk)})
        order = Order(stream=self.incident, actor="ann", creates=True)
        matrix = Matrix(version=1, cells=DEFAULT)
        await incidents.execute(
            order, lifecycle.declare, number=1, title="Slow", reporter="rita", matrix=matrix
        )
        await self.give(r.ReviewOpened(incident=self.incident, at=START))

    async def give(self, *events: r.ReviewEvent) -> None:
        order = Order(stream=review_stream(self.incident), actor="ann")
        await self.desk.reviews.execute(order, lambda _: list(events))

    async def until(self, day: date) -> None:
        """Ring whatever is due up to the noon of a day."""
        end = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        while self.now < end:
            self.now += timedelta(hours=12)
            while await self.timers.ring():
                pass

    async def told(self) -> list[tuple[str, Any]]:
        found = await self.store.log.stream(facts_stream(self.incident))
        return [(each.topic.rsplit("_", 1)[-1], each.event.fields("due")["due"]) for each in found]

    async def armed(self) -> list[datetime]:
        return [row["due_at"] for row in await rows(self.database, "select * from timers")]


@pytest.fixture
async def house(database: NewDatabase) -> AsyncIterator[House]:
    house = House(await database("incident"))
    await house.open()
    yield house
    await house.store.close()


async def test_reminded_the_day_before_and_late_the_day_after_once_each(house: House) -> None:
    await house.give(ADDED)
    await house.until(date(2026, 3, 18))
    assert await house.told() == []
    assert await house.armed() == [datetime(2026, 3, 19, tzinfo=UTC)]
    await house.until(date(2026, 3, 19))
    assert await house.told() == [("due", date(2026, 3, 20))]
    await house.until(date(2026, 3, 25))
    assert [kind for kind, _ in await house.told()] == ["due", "overdue"]
    assert await house.armed() == []


async def test_one_that_is_done_is_left_alone(house: House) -> None:
    await house.give(ADDED)
    await house.until(date(2026, 3, 10))
    await house.give(r.ActionItemDone(item=1, at=house.now))
    await house.until(date(2026, 3, 25))
    assert await house.told() == []


async def test_another_due_date_is_another_reminder(house: House) -> None:
    await house.give(ADDED)
    await house.until(date(2026, 3, 19))
    await house.give(r.ActionItemChanged(item=1, due=date(2026, 3, 23)))
    await house.until(date(2026, 3, 22))
    due = [date(2026, 3, 20), date(2026, 3, 23)]
    assert await house.told() == [("due", each) for each in due]


async def test_of_one_that_was_late_already_only_that_is_said(house: House) -> None:
    late = r.ActionItemAdded(item=1, title="Pool", due=date(2026, 2, 1))
    await house.give(late)
    await house.until(date(2026, 3, 3))
    assert await house.told() == [("overdue", date(2026, 2, 1))]


async def test_nobody_is_woken_by_an_item_without_a_date(house: House) -> None:
    await house.give(r.ActionItemAdded(item=1, title="Pool"))
    await house.until(date(2026, 3, 3))
    assert (await house.told(), await house.armed()) == ([], [])
