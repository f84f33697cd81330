"""Incidents on hold for a problem go on when it does: resolved, resumed, or for another one."""

from uuid import UUID

import pytest

from services.incident.policies import from_problems
from services.problem.known_errors.published import KNOWN_ERRORS_PUBLISHED
from services.problem.loop.published import LOOP_PUBLISHED
from services.problem.published import PUBLISHED
from shared.clock import new_id
from tests.incident.problem_feed.conftest import Desk

AT = "2026-11-22T11:00:00Z"


async def test_a_resolved_problem_resolves_what_waits_for_it_and_nothing_else(desk: Desk) -> None:
    problem, number = await desk.problem()
    other, _ = await desk.problem()
    waits, elsewhere = await desk.waiting(problem), await desk.waiting(other)
    linked = await desk.declare()
    await desk.give(linked, "link", kind="problem", reference=number)
    await desk.tell("resolved", problem, incidents=[waits, elsewhere, linked], at=AT)
    assert await desk.statuses([waits, elsewhere, linked]) == ["resolved", "on_hold", "new"]
    shown = await desk.read(waits)
    assert (shown["resolution_code"], shown["milestones"]["resolved"]) == ("by_problem", AT)
    assert (await desk.titles(linked))[-1] == f"{number} is resolved"
    timers = await desk.incidents.store.pool.fetch(
        "select name from timers where stream = $1", UUID(waits)
    )
    assert [row["name"] for row in timers] == ["auto-close"]


async def test_with_an_accepted_risk_they_only_get_a_note(desk: Desk) -> None:
    problem, number = await desk.problem()
    waits = await desk.waiting(problem)
    await desk.tell("risk_accepted", problem, incidents=[waits], review_date="2027-03-01")
    assert await desk.statuses([waits]) == ["on_hold"]
    assert (await desk.titles(waits))[-1] == (
        f"{number} is lived with: its risk is accepted, to be reviewed on 2027-03-01"
    )


async def test_nothing_waits_for_a_cancelled_problem(desk: Desk) -> None:
    problem, number = await desk.problem()
    waits = await desk.waiting(problem)
    await desk.tell("cancelled", problem, incidents=[waits])
    assert await desk.statuses([waits]) == ["in_progress"]
    assert set((await desk.titles(waits))[-2:]) == {"Work resumed", f"{number} is cancelled"}
    again = {"reason": "awaiting_problem", "problem": number}
    assert "is cancelled: nothing will resolve it" in await desk.refused(waits, "hold", **again)


async def test_what_waited_for_a_duplicate_waits_for_the_other(desk: Desk) -> None:
    problem, number = await desk.problem()
    other, other_number = await desk.problem()
    waits = await desk.waiting(problem)
    await desk.tell("marked_duplicate", problem, of=str(other), incidents=[waits])
    shown = await desk.read(waits)
    assert (shown["status"], shown["problem"]) == ("on_hold", str(other))
    assert f"{number} is a duplicate of {other_number}" in await desk.titles(waits)
    late = await desk.declare()
    refusal = await desk.refused(late, "hold", reason="awaiting_problem", problem=number)
    assert f"{number} is a duplicate of {other_number}: name that one" in refusal
    await desk.tell("resolved", other, incidents=[waits], at=AT)
    assert await desk.statuses([waits]) == ["resolved"]


@pytest.mark.parametrize(
    ("became", "why"),
    [
        ("resolved", "is resolved already"),
        ("closed", "is closed"),
        ("risk_accepted", "its risk is accepted"),
    ],
)
async def test_nobody_begins_to_wait_in_vain(desk: Desk, became: str, why: str) -> None:
    problem, number = await desk.problem()
    incident = await desk.declare()
    await desk.give(incident, "link", kind="problem", reference=number)
    told = {"at": AT, "review_date": "2027-03-01"}
    await desk.tell(became, problem, **told)
    by_link = await desk.refused(incident, "hold", reason="awaiting_problem")
    by_name = await desk.refused(incident, "hold", reason="awaiting_problem", problem=str(problem))
    assert f"{number} {why}" in by_link or why in by_link
    assert by_link == by_name
    await desk.tell("reanalysis_begun", problem)
    await desk.give(incident, "hold", reason="awaiting_problem")


@pytest.mark.parametrize(
    ("status", "after"), [("resolved", "resolved"), ("cancelled", "in_progress")]
)
async def test_who_began_to_wait_too_late_is_answered(desk: Desk, status: str, after: str) -> None:
    problem, _ = await desk.problem()
    waits = await desk.waiting(problem)
    answer = {"problem": str(problem), "incident": waits, "status": status}
    await desk.tell("incident_answered", new_id(), **answer)
    assert await desk.statuses([waits]) == [after]


async def test_raised_with_a_hold_its_incidents_wait_for_it(desk: Desk) -> None:
    open_, resolved = await desk.declare(), await desk.declare()
    await desk.give(resolved, "resolve", code="fixed", summary="Done")
    problem, _ = await desk.problem(open_, resolved, hold=True)
    assert await desk.statuses([open_, resolved]) == ["on_hold", "resolved"]
    assert (await desk.read(open_))["problem"] == str(problem)


async def test_news_that_others_have_overtaken_move_nothing(desk: Desk) -> None:
    problem, _ = await desk.problem()
    waits = await desk.waiting(problem)
    resolved = desk.fact("problem.resolved", problem, incidents=[waits], at=AT)
    anew = desk.fact("problem.reanalysis_begun", problem, incidents=[waits])
    await desk.hear(anew)
    await desk.hear(resolved)
    assert await desk.statuses([waits]) == ["on_hold"]


async def test_nothing_waits_for_a_problem_that_is_not_behind_it(desk: Desk) -> None:
    problem, number = await desk.problem()
    waits = await desk.waiting(problem)
    await desk.tell("incident_unlinked", problem, incident=waits)
    assert await desk.statuses([waits]) == ["in_progress"]
    assert f"Problem {number} is not behind it" in await desk.titles(waits)


async def test_merged_into_another_the_other_is_told(desk: Desk) -> None:
    problem, number = await desk.problem()
    merged, survivor = await desk.declare(), await desk.declare()
    await desk.give(merged, "merge", into=survivor)
    await desk.tell("workaround_published", problem, revision=1, incidents=[merged])
    assert f"{number} offers a workaround, revision 1" in await desk.titles(survivor)


@pytest.mark.parametrize(
    ("status", "after"),
    [("resolved", "resolved"), ("cancelled", "in_progress"), ("unlinked", "in_progress")],
)
async def test_what_became_of_its_problem_while_it_was_merged_holds_once_it_stands_alone(
    desk: Desk, status: str, after: str
) -> None:
    problem, _ = await desk.problem()
    waits, survivor = await desk.waiting(problem), await desk.declare()
    await desk.give(waits, "merge", into=survivor)
    if status != "unlinked":
        await desk.tell(status, problem, incidents=[waits], at=AT)
    assert (await desk.give(waits, "unmerge"))["status"] == "on_hold"
    told = (await desk.feed_of(waits))[-1]
    assert (told["type"], told["data"]["problem"]) == (
        "tocsin.incident.unmerged.v1", str(problem),
    )  # fmt: skip
    answer = {"problem": str(problem), "incident": waits, "status": status}
    await desk.tell("incident_answered", new_id(), **answer)
    assert await desk.statuses([waits]) == [after]


async def test_who_waited_for_nothing_tells_of_no_problem_when_it_stands_alone(desk: Desk) -> None:
    _, number = await desk.problem()
    linked, survivor = await desk.declare(), await desk.declare()
    await desk.give(linked, "link", kind="problem", reference=number)
    await desk.give(linked, "hold", reason="awaiting_vendor")
    await desk.give(linked, "merge", into=survivor)
    await desk.give(linked, "unmerge")
    assert (await desk.feed_of(linked))[-1]["data"]["problem"] is None


async def test_an_incident_of_nobody_is_passed_over(desk: Desk) -> None:
    problem, _ = await desk.problem()
    waits = await desk.waiting(problem)
    await desk.tell("resolved", problem, incidents=[str(new_id()), waits], at=AT)
    assert await desk.statuses([waits]) == ["resolved"]


async def test_another_system_s_past_tells_nobody_but_is_known(desk: Desk) -> None:
    incident = await desk.declare()
    problem = new_id()
    told = {"number": "PRB-77", "title": "Old", "incidents": [incident]}
    await desk.hear(desk.fact("problem.logged", problem, quiet=True, **told))
    await desk.hear(desk.fact("problem.closed", problem, quiet=True, at="2012-01-01T00:00:00Z"))
    assert await desk.titles(incident) == []
    assert "is closed" in await desk.refused(
        incident, "hold", reason="awaiting_problem", problem="PRB-77"
    )


async def test_every_fact_of_a_problem_that_is_reacted_to_is_one_that_is_told(desk: Desk) -> None:
    published = {**PUBLISHED, **LOOP_PUBLISHED, **KNOWN_ERRORS_PUBLISHED}
    told = {f"tocsin.{kind.topic}.v1" for kind in published}
    assert set(from_problems(desk.incidents)) <= told
