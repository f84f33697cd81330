"""A resolved problem resolves what waited for it: a few at once, many piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from services.incident import awaiting, lifecycle
from services.incident.app import create_app
from services.incident.events import HoldReason
from services.incident.incidents import Incidents
from services.incident.matrix import DEFAULT, Matrix
from shared.follower import Fact
from shared.ledger import Order
from shared.work import MOST_STREAMS, Work
from shared.work_list import Step, WorkLists, progress
from tests.conftest import NewDatabase
from tests.support.service import running_service

PROBLEM, OTHER = uuid4(), uuid4()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MATRIX = Matrix(version=1, cells=DEFAULT)


@pytest.fixture
async def incidents(database: NewDatabase, tmp_path: Path) -> AsyncIterator[Incidents]:
    async with running_service(create_app, await database("incident"), tmp_path) as running:
        found: Incidents = running.service.parts["incidents"]
        yield found


async def _waiting(incidents: Incidents, problem: UUID = PROBLEM) -> UUID:
    stream, number = uuid4(), await incidents.next_number()
    order = Order(stream=stream, actor="ann", creates=True)
    await incidents.execute(
        order, lifecycle.declare, number=number, title="Slow", reporter="rita", matrix=MATRIX
    )
    hold = HoldReason.AWAITING_PROBLEM
    order = Order(stream=stream, actor="ann")
    await incidents.execute(order, lifecycle.hold, reason=hold, problem=problem)
    return stream


async def _tell(incidents: Incidents, streams: Sequence[UUID]) -> None:
    data = {"incidents": streams, "at": NOW}
    fact = Fact(
        id=uuid4(), type="tocsin.problem.resolved.v1", subject=PROBLEM, time=NOW, position=7,
        actor="grace", correlation_id=uuid4(), data=msgspec.Raw(msgspec.json.encode(data)),
    )  # fmt: skip
    work = Work(incidents.store, "system:test")
    work.caused_by(fact.id, fact.correlation_id)
    await awaiting.on_resolution(incidents)(fact, work)
    assert (await work.append()).outcome == "appended"


async def test_a_few_are_resolved_together_and_only_those_that_wait_for_it(
    incidents: Incidents,
) -> None:
    waiting = [await _waiting(incidents) for _ in range(3)]
    elsewhere = await _waiting(incidents, OTHER)
    await _tell(incidents, [*waiting, elsewhere])
    states = [(await incidents.current(each)).state for each in (*waiting, elsewhere)]
    assert [state.status for state in states] == ["resolved"] * 3 + ["on_hold"]
    assert {state.resolution_code for state in states[:3]} == {"by_problem"}
    assert await progress(incidents.store) == []


async def test_many_are_worked_off_once_each_whatever_breaks_in_between(
    incidents: Incidents,
) -> None:
    many = await asyncio.gather(*(_waiting(incidents) for _ in range(MOST_STREAMS + 30)))
    await _tell(incidents, many)
    (listed,) = await progress(incidents.store)
    assert (listed.total, listed.about) == (len(many), PROBLEM)
    await WorkLists(incidents.store, {awaiting.RESOLVE: _that_breaks(incidents)}).advance()
    await _until_done(incidents)
    found = await asyncio.gather(*(incidents.current(each) for each in many))
    assert {each.state.status for each in found} == {"resolved"}
    assert {each.version for each in found} == {3}  # declared, held, resolved: once


def _that_breaks(incidents: Incidents) -> Step:
    """Has its effect, and dies before anybody hears of it."""
    step = awaiting.step(incidents)

    async def broken(order: Order, about: UUID) -> None:
        await step(order, about)
        raise RuntimeError("the process dies here")

    return broken


async def _until_done(incidents: Incidents) -> None:
    """What broke is due again after its lease; nobody has to wait for that here."""
    again = WorkLists(incidents.store, {awaiting.RESOLVE: awaiting.step(incidents)})
    while (await progress(incidents.store))[0].left:
        await incidents.store.pool.execute("update work_items set due_at = now() - interval '1 s'")
        await again.advance()
