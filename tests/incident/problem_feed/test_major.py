"""A major incident closes with a problem: it names those that are said to be behind it."""

from functools import partial
from typing import Any

from tests.incident.problem_feed.conftest import Desk
from tests.support.until import until


async def accepted(desk: Desk) -> str:
    incident = await desk.declare()
    await desk.give(incident, "accept-major")
    return incident


async def left(desk: Desk, incident: str) -> set[str]:
    """What must be done before it may close."""
    shown = (await desk.read(incident))["major_incident"]
    return {each["condition"] for each in shown["unmet"]}


async def linked(desk: Desk, incident: str) -> list[tuple[str, str]]:
    links: list[dict[str, Any]] = (await desk.read(incident))["links"]
    return [(link["kind"], link["reference"]) for link in links]


async def test_a_problem_that_is_raised_from_it_is_one_it_may_close_with(desk: Desk) -> None:
    incident, other = await accepted(desk), await desk.declare()
    assert "problem" in await left(desk, incident)
    _, number = await desk.problem(incident, other)
    assert await linked(desk, incident) == [("problem", number)]
    assert "problem" not in await left(desk, incident)
    assert await linked(desk, other) == []
    assert (await desk.read(other))["version"] == 1, "a timeline entry is enough for others"


async def test_so_is_one_that_is_linked_later_as_long_as_it_is(desk: Desk) -> None:
    incident = await accepted(desk)
    await desk.give(incident, "resolve", code="fixed", summary="Done")
    problem, number = await desk.problem()
    told = desk.fact("problem.incident_linked", problem, incident=incident)
    await desk.hear(told)
    again = desk.fact("problem.incident_linked", problem, incident=incident)
    await desk.hear(told, again)
    assert await linked(desk, incident) == [("problem", number)]
    assert (await desk.titles(incident)).count(f"Linked problem {number}") == 1
    await desk.tell("incident_unlinked", problem, incident=incident)
    assert await linked(desk, incident) == []
    assert "problem" in await left(desk, incident)


async def test_what_is_linked_by_hand_is_not_linked_again(desk: Desk) -> None:
    problem, number = await desk.problem()
    incident = await accepted(desk)
    shown = await desk.give(incident, "link", kind="problem", reference=number)
    await desk.tell("incident_linked", problem, incident=incident)
    assert (await desk.read(incident))["version"] == shown["version"]


async def test_one_that_is_told_of_with_many_others_names_it_too(desk: Desk) -> None:
    incident = await accepted(desk)
    others = [await desk.declare() for _ in range(55)]
    _, number = await desk.problem(incident, *others)
    await until(partial(linked, desk, incident))
    assert await linked(desk, incident) == [("problem", number)]
