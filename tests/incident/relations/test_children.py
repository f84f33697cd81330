"""Parents and children over HTTP: added, removed, resolved and reopened together."""

import asyncio
from itertools import pairwise

import pytest

from shared.auth.roles import Role
from tests.incident.relations.conftest import RESOLVED, Desk
from tests.support.service import RunningService


async def test_both_show_the_relation_until_it_is_taken_away(desk: Desk) -> None:
    parent, child = await desk.declare(), await desk.declare()
    shown = await desk.give(parent, "add-child", child=child["number"])
    assert shown["children"] == [{"id": child["id"], "number": child["number"]}]
    below = await desk.read(child)
    assert (below["parent"], below["parent_number"]) == (parent["id"], parent["number"])
    assert (await desk.give(parent, "add-child", child=child["id"]))["version"] == shown["version"]
    gone = await desk.give(parent, "remove-child", child=child["id"])
    assert (gone["children"], gone["child_count"]) == ([], 0)
    assert (await desk.read(child))["parent"] is None
    then = await desk.read(parent, as_of=str(shown["position"]))
    assert [each["id"] for each in then["children"]] == [child["id"]]


async def test_a_circle_is_refused_however_long(desk: Desk) -> None:
    line = [await desk.declare(f"Number {n}") for n in range(4)]
    assert "its own child" in await desk.refused(line[0], "add-child", child=line[0]["number"])
    for above, below in pairwise(line):
        await desk.give(above, "add-child", child=below["id"])
    for below in line[1:]:
        reason = await desk.refused(below, "add-child", child=line[0]["id"])
        assert f"{line[0]['number']} stands above {below['number']}" in reason
    assert (await desk.read(line[0]))["parent"] is None


async def test_a_child_has_one_parent(desk: Desk) -> None:
    first, second, child = [await desk.declare() for _ in range(3)]
    await desk.give(first, "add-child", child=child["id"])
    reason = await desk.refused(second, "add-child", child=child["id"])
    assert f"a child of {first['number']} already" in reason
    assert "is not a child of" in await desk.refused(second, "remove-child", child=child["id"])


@pytest.mark.parametrize("end", ["closed", "cancelled"])
async def test_what_has_ended_is_neither_parent_nor_child(desk: Desk, end: str) -> None:
    ended, other = await desk.declare(), await desk.declare()
    if end == "closed":
        await desk.give(ended, "resolve", **RESOLVED)
        await desk.give(ended, "close")
    else:
        await desk.give(ended, "cancel", reason="A test")
    assert f"{ended['number']} is {end}" in await desk.refused(
        other, "add-child", child=ended["id"]
    )
    assert f"is {end}" in await desk.refused(ended, "add-child", child=other["id"])


async def test_an_incident_that_is_not_there_is_not_found(desk: Desk) -> None:
    incident = await desk.declare()
    for command, field in (("add-child", "child"), ("remove-child", "child"), ("merge", "into")):
        for reference in ("INC-999999", "x", "00000000-0000-0000-0000-000000000007"):
            answer = await desk.ask(incident, command, **{field: reference})
            assert answer.status_code == 404
        for malformed in ("", "x" * 41, 5, None):
            assert (await desk.ask(incident, command, **{field: malformed})).status_code == 422


async def test_a_resolution_reaches_open_children_and_theirs_and_nothing_else(desk: Desk) -> None:
    parent, child, grandchild, done = [await desk.declare() for _ in range(4)]
    for above, below in ((parent, child), (child, grandchild), (parent, done)):
        await desk.give(above, "add-child", child=below["id"])
    await desk.give(done, "resolve", code="workaround", summary="By hand")
    await desk.give(parent, "resolve", **RESOLVED)
    for each in (child, grandchild):
        shown = await desk.read(each)
        assert (shown["status"], shown["resolution_code"]) == ("resolved", "fixed")
        assert shown["resolution"] == "Rolled back"
    assert (await desk.read(done))["resolution"] == "By hand"
    await desk.give(parent, "close")
    assert (await desk.read(child))["status"] == "resolved"


async def test_an_agents_reopening_takes_along_what_the_resolution_took(desk: Desk) -> None:
    parent, follows, own, again = [await desk.declare() for _ in range(4)]
    for child in (follows, own, again):
        await desk.give(parent, "add-child", child=child["id"])
    await desk.give(own, "resolve", code="workaround", summary="By hand")
    await desk.give(parent, "resolve", **RESOLVED)
    await desk.give(again, "reopen", reason="Not here")
    await desk.give(again, "resolve", code="workaround", summary="By hand, too")
    await desk.give(parent, "reopen", reason="It is back")
    states = [(await desk.read(each))["status"] for each in (parent, follows, own, again)]
    assert states == ["in_progress", "in_progress", "resolved", "resolved"]
    assert (await desk.read(follows))["reopen_count"] == 1


async def test_a_child_closed_meanwhile_comes_back_only_from_a_closed_parent(desk: Desk) -> None:
    parent, child = await desk.declare(), await desk.declare()
    await desk.give(parent, "add-child", child=child["id"])
    await desk.give(parent, "resolve", **RESOLVED)
    await desk.give(child, "close")
    await desk.give(parent, "reopen", reason="It is back")
    assert (await desk.read(child))["status"] == "closed"
    await desk.give(parent, "resolve", **RESOLVED)
    await desk.give(parent, "close")
    await desk.give(parent, "reopen", reason="It is back again")
    assert (await desk.read(child))["status"] == "in_progress"


async def test_the_reporters_reopening_takes_nobody_along(
    desk: Desk, service: RunningService
) -> None:
    parent = await desk.declare(reporter={"id": "rita"})
    child = await desk.declare()
    await desk.give(parent, "add-child", child=child["id"])
    await desk.give(parent, "resolve", **RESOLVED)
    async with service.client(Role.REPORTER, subject="rita") as rita:
        answer = await rita.post(f"/v1/incidents/{parent['id']}/reopen", json={"reason": "No"})
        assert answer.status_code == 200
    assert (await desk.read(child))["status"] == "resolved"


async def test_two_at_once_never_make_a_circle(desk: Desk) -> None:
    for _ in range(5):
        line = [await desk.declare(f"Number {n}") for n in range(4)]
        await desk.give(line[0], "add-child", child=line[1]["id"])
        await desk.give(line[2], "add-child", child=line[3]["id"])
        answers = await asyncio.gather(
            desk.ask(line[1], "add-child", child=line[2]["id"]),
            desk.ask(line[3], "add-child", child=line[0]["id"]),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
