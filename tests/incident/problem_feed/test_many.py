"""News for more incidents than one append holds: each is told once, whatever breaks in between."""

import asyncio
from uuid import UUID

from services.incident.problem_feed.telling import TELL, Telling
from shared.ledger import Order
from shared.work_list import Step, WorkLists, progress
from tests.incident.problem_feed.conftest import Desk

MANY = 120


async def test_many_are_worked_off_once_each_whatever_breaks_in_between(desk: Desk) -> None:
    problem, number = await desk.problem()
    waiting = await asyncio.gather(*(desk.waiting(problem) for _ in range(MANY)))
    told = {"incidents": waiting}
    offered = desk.fact("problem.workaround_published", problem, revision=1, **told)
    resolved = desk.fact("problem.resolved", problem, at="2026-11-22T11:00:00Z", **told)
    await desk.hear(offered, resolved)  # one append: two lists of the same incidents
    listed = await progress(desk.incidents.store)
    assert [(each.total, each.about) for each in listed] == [(MANY, problem)] * 2
    await WorkLists(desk.incidents.store, {TELL: _that_breaks(desk)}).advance()
    await _until_done(desk)
    found = await asyncio.gather(*(desk.incidents.current(UUID(each)) for each in waiting))
    assert {each.state.status for each in found} == {"resolved"}
    assert {each.version for each in found} == {3}  # declared, held, resolved: once
    titles = await asyncio.gather(*map(desk.titles, waiting))
    assert all(each.count(f"{number} is resolved") == 1 for each in titles)
    assert all(each.count(f"{number} offers a workaround, revision 1") <= 1 for each in titles)


def _that_breaks(desk: Desk) -> Step:
    """Has its effect, and dies before anybody hears of it."""
    step = Telling(desk.incidents).step()

    async def broken(order: Order, about: UUID) -> None:
        await step(order, about)
        raise RuntimeError("the process dies here")

    return broken


async def _until_done(desk: Desk) -> None:
    """What broke is due again after its lease; nobody has to wait for that here."""
    store = desk.incidents.store
    again = WorkLists(store, {TELL: Telling(desk.incidents).step()})
    while any(each.left for each in await progress(store)):
        await store.pool.execute("update work_items set due_at = now() - interval '1 s'")
        await again.advance()
