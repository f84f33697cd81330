"""Merging and unmerging over HTTP: nothing is lost, and both part as they came."""

import asyncio
from typing import Any

import pytest

from shared.auth.roles import Role
from tests.incident.relations.conftest import RESOLVED, Desk
from tests.support.service import RunningService

ALWAYS_NEW = {"version", "position", "updated_at", "time_in_status", "actions", "references"}


def kept(view: dict[str, Any]) -> dict[str, Any]:
    """What a merge and its end must leave as it was."""
    return {name: value for name, value in view.items() if name not in ALWAYS_NEW}


async def test_a_merged_incident_names_its_survivor_wherever_it_is_asked(desk: Desk) -> None:
    merged, survivor = await desk.declare(), await desk.declare()
    answer = await desk.give(merged, "merge", into=survivor["number"], reason="A duplicate")
    assert (answer["status"], answer["merged_into"]) == ("merged", survivor["id"])
    by_number = (await desk.client.get(f"/v1/incidents/{merged['number']}")).json()
    assert by_number["merged_into_number"] == survivor["number"]
    for command, body in (
        ("note", {"text": "Seen"}),
        ("start", {}),
        ("resolve", RESOLVED),
        ("link", {"kind": "change", "reference": "CHG-7"}),
        ("merge", {"into": survivor["id"]}),
    ):
        assert survivor["number"] in await desk.refused(merged, command, **body)
    offered = {each["name"]: each for each in by_number["actions"]}
    assert [name for name, each in offered.items() if each["allowed"]] == ["unmerge"]
    assert survivor["number"] in offered["start"]["reason"]


async def test_merging_into_itself_or_a_merged_one_or_in_a_circle_is_refused(desk: Desk) -> None:
    a, b, c = [await desk.declare(f"Number {n}") for n in range(3)]
    assert "into itself" in await desk.refused(a, "merge", into=a["number"])
    await desk.give(a, "merge", into=b["id"])
    assert f"merged into {b['number']}" in await desk.refused(c, "merge", into=a["id"])
    assert f"merged into {b['number']}" in await desk.refused(b, "merge", into=a["id"])
    await desk.give(b, "merge", into=c["id"])
    for ended in (a, b):
        assert "is merged into" in await desk.refused(c, "merge", into=ended["id"])
    assert (await desk.read(c))["status"] == "new"


async def test_a_parent_does_not_go_on_in_its_own_child(desk: Desk) -> None:
    parent, child, grandchild = [await desk.declare() for _ in range(3)]
    await desk.give(parent, "add-child", child=child["id"])
    await desk.give(child, "add-child", child=grandchild["id"])
    for below in (child, grandchild):
        reason = await desk.refused(parent, "merge", into=below["id"])
        assert f"{parent['number']} stands above {below['number']}" in reason
    await desk.give(grandchild, "merge", into=parent["id"])


@pytest.mark.parametrize("end", ["closed", "cancelled"])
async def test_nothing_is_merged_into_what_has_ended(desk: Desk, end: str) -> None:
    ended, other = await desk.declare(), await desk.declare()
    if end == "closed":
        await desk.give(ended, "resolve", **RESOLVED)
        await desk.give(ended, "close")
    else:
        await desk.give(ended, "cancel", reason="A test")
    assert f"{ended['number']} is {end}" in await desk.refused(other, "merge", into=ended["id"])
    assert f"is {end}" in await desk.refused(ended, "merge", into=other["id"])


async def test_an_incident_that_is_not_merged_is_not_unmerged(desk: Desk) -> None:
    assert "is new" in await desk.refused(await desk.declare(), "unmerge")


async def test_a_manager_merges_and_nobody_else(desk: Desk, service: RunningService) -> None:
    a, b = await desk.declare(), await desk.declare()
    async with service.client(Role.RESPONDER) as responder:
        for command in ("merge", "unmerge"):
            body = {"into": b["id"]} if command == "merge" else {}
            answer = await responder.post(f"/v1/incidents/{a['id']}/{command}", json=body)
            assert answer.status_code == 403


@pytest.mark.parametrize(
    "way",
    [
        [],
        [("start", {})],
        [("hold", {"reason": "awaiting_caller", "note": "Which browser?"})],
        [("acknowledge", {}), ("mitigate", {"action": "Failed over"}), ("resolve", RESOLVED)],
    ],
    ids=["new", "in work", "held", "resolved"],
)
async def test_unmerging_restores_both_exactly(
    desk: Desk, way: list[tuple[str, dict[str, Any]]]
) -> None:
    merged, survivor = await desk.declare("Slow", tags=["eu"]), await desk.declare("Also slow")
    child = await desk.declare()
    await desk.give(merged, "add-child", child=child["id"])
    await desk.give(merged, "link", kind="change", reference="CHG-7")
    for command, body in way:
        await desk.give(merged, command, **body)
    before = [kept(await desk.read(each)) for each in (merged, survivor, child)]
    told = len(await desk.timeline(survivor))
    await desk.give(merged, "merge", into=survivor["id"])
    await desk.give(merged, "unmerge")
    assert [kept(await desk.read(each)) for each in (merged, survivor, child)] == before
    assert len(await desk.timeline(survivor)) == told + 2  # that it came, and that it went


async def test_the_survivor_shows_all_of_it_and_only_as_long_as_it_is_merged(desk: Desk) -> None:
    merged, survivor, child = [await desk.declare() for _ in range(3)]
    await desk.give(merged, "add-child", child=child["id"])
    await desk.give(merged, "link", kind="change", reference="CHG-7", caused_by=True)
    await desk.give(merged, "note", text="Seen in the north")
    await desk.give(merged, "merge", into=survivor["id"])
    shown = await desk.read(survivor)
    assert shown["merged"] == [{"id": merged["id"], "number": merged["number"]}]
    assert [each["id"] for each in shown["children"]] == [child["id"]]
    (link,) = shown["links"]
    assert (link["reference"], link["through"]) == ("CHG-7", merged["number"])
    (note,) = [e for e in await desk.timeline(survivor) if e["detail"] == "Seen in the north"]
    assert note["links"]["merged"] == f"/v1/incidents/{merged['id']}"
    await desk.give(merged, "unmerge")
    alone = await desk.read(survivor)
    assert (alone["merged"], alone["children"], alone["links"]) == ([], [], [])
    assert not [e for e in await desk.timeline(survivor) if e["detail"] == "Seen in the north"]
    then = await desk.timeline(survivor, as_of=str(shown["position"]))
    assert [e for e in then if e["detail"] == "Seen in the north"]


async def test_the_survivors_resolution_reaches_the_children_that_came_along(desk: Desk) -> None:
    merged, survivor, child = [await desk.declare() for _ in range(3)]
    await desk.give(merged, "add-child", child=child["id"])
    await desk.give(merged, "merge", into=survivor["id"])
    await desk.give(survivor, "resolve", **RESOLVED)
    assert (await desk.read(child))["status"] == "resolved"
    await desk.give(survivor, "reopen", reason="It is back")
    assert (await desk.read(child))["status"] == "in_progress"
    assert (await desk.read(merged))["status"] == "merged"


async def test_a_child_that_came_along_may_be_removed_and_stays_so(desk: Desk) -> None:
    merged, survivor, child = [await desk.declare() for _ in range(3)]
    await desk.give(merged, "add-child", child=child["id"])
    await desk.give(merged, "merge", into=survivor["id"])
    shown = await desk.give(survivor, "remove-child", child=child["id"])
    assert shown["children"] == []
    await desk.give(merged, "unmerge")
    assert (await desk.read(merged))["children"] == []
    assert (await desk.read(child))["parent"] is None


async def test_one_in_the_middle_of_a_chain_parts_with_all_that_came_through_it(
    desk: Desk,
) -> None:
    a, b, c = [await desk.declare(f"Number {n}") for n in range(3)]
    await desk.give(a, "link", kind="change", reference="CHG-7")
    await desk.give(a, "merge", into=b["id"])
    await desk.give(b, "merge", into=c["id"])
    assert [each["reference"] for each in (await desk.read(c))["links"]] == ["CHG-7"]
    await desk.give(a, "unmerge")
    assert (await desk.read(a))["status"] == "new"
    assert (await desk.read(c))["links"] == []
    await desk.give(b, "unmerge")
    assert (await desk.read(b))["merged"] == []


async def test_of_two_merges_that_cross_one_is_taken(desk: Desk) -> None:
    for _ in range(5):
        a, b = await desk.declare(), await desk.declare()
        answers = await asyncio.gather(
            desk.ask(a, "merge", into=b["id"]), desk.ask(b, "merge", into=a["id"])
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        states = {(await desk.read(each))["status"] for each in (a, b)}
        assert states == {"merged", "new"}


async def test_of_three_merges_in_a_ring_one_is_refused(desk: Desk) -> None:
    for _ in range(3):
        ring = [await desk.declare(f"Number {n}") for n in range(3)]
        answers = await asyncio.gather(
            *(desk.ask(each, "merge", into=ring[n - 1]["id"]) for n, each in enumerate(ring))
        )
        taken = sum(answer.status_code == 200 for answer in answers)
        states = [(await desk.read(each))["status"] for each in ring]
        assert (taken, states.count("merged")) in ((1, 1), (2, 2))
        assert {answer.status_code for answer in answers} <= {200, 409}
