"""A resolution that reaches more children than one append holds: in pieces, through a crash."""

from typing import Any
from uuid import UUID

from services.incident.incidents import Incidents
from services.incident.relations import cascade, children
from shared.aggregate import Folded
from shared.ledger import Order
from shared.work import MOST_STREAMS, Work
from shared.work_list import Step, WorkLists, progress
from tests.incident.relations.conftest import RESOLVED, Desk
from tests.support.service import RunningService

CHILDREN = MOST_STREAMS + 50


async def test_many_children_follow_once_each_whatever_breaks_in_between(
    desk: Desk, service: RunningService
) -> None:
    incidents: Incidents = service.service.parts["incidents"]
    parent = await desk.declare("The backbone is down")
    below = [UUID((await desk.declare(f"Site {n}"))["id"]) for n in range(CHILDREN)]
    await _below(incidents, UUID(parent["id"]), below)
    await desk.give(parent, "resolve", **RESOLVED)
    await _worked_off(incidents, parent)
    found = [await incidents.current(child) for child in below]
    assert {each.state.status for each in found} == {"resolved"}
    assert {each.version for each in found} == {3}  # declared, a child, resolved: once
    await desk.give(parent, "reopen", reason="It is back")
    await _worked_off(incidents, parent)
    found = [await incidents.current(child) for child in below]
    assert {each.state.status for each in found} == {"in_progress"}
    assert {each.version for each in found} == {4}


async def test_pieces_that_come_too_late_change_nothing(
    desk: Desk, service: RunningService
) -> None:
    incidents: Incidents = service.service.parts["incidents"]
    parent, child = await desk.declare(), await desk.declare()
    await desk.give(parent, "add-child", child=child["id"])
    step = cascade.steps(incidents)[cascade.RESOLVE]
    await step(Order(stream=UUID(child["id"]), actor="system:work-list"), UUID(parent["id"]))
    assert (await desk.read(child))["status"] == "new"  # the parent is open again


async def _below(incidents: Incidents, parent: UUID, children: list[UUID]) -> None:
    """As add-child does, many at a time."""
    for start in range(0, len(children), 50):
        work = Work(incidents.store, "ida")
        for child in children[start : start + 50]:
            await _put_below(work, incidents, parent, child)
        assert (await work.append()).outcome == "appended"


async def _put_below(work: Work, incidents: Incidents, parent: UUID, child: UUID) -> None:
    below: Folded[Any] = await work.current(incidents, child)
    above: Folded[Any] = await work.current(incidents, parent)
    of_parent, of_child = children.add_child, children.get_parent
    await work.execute(incidents, parent, of_parent, child=child, number=below.state.number)
    await work.execute(incidents, child, of_child, parent=parent, number=above.state.number)


async def _worked_off(incidents: Incidents, parent: dict[str, Any]) -> None:
    """The first pieces have their effect and die before anybody hears of it."""
    lists = await progress(incidents.store)
    assert [each.total for each in lists if str(each.about) == parent["id"]][:1] == [CHILDREN]
    steps = cascade.steps(incidents)
    await WorkLists(incidents.store, {k: _that_breaks(s) for k, s in steps.items()}).advance()
    again = WorkLists(incidents.store, steps)
    while any(each.left for each in await progress(incidents.store)):
        await incidents.store.pool.execute("update work_items set due_at = now() - interval '1 s'")
        await again.advance()


def _that_breaks(step: Step) -> Step:
    async def broken(order: Order, about: UUID) -> None:
        await step(order, about)
        raise RuntimeError("the process dies here")

    return broken
