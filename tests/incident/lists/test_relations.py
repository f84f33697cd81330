"""Families, merges, links and restrictions in lists, facets and for many at once."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

Item = dict[str, Any]


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service


@pytest.fixture(scope="module")
async def manager(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client(Role.INCIDENT_MANAGER, subject="mia") as manager:
        yield manager


async def declared(client: AsyncClient, **said: Any) -> Item:
    answer = await client.post("/v1/incidents", json={"title": "Slow"} | said)
    assert answer.status_code == 201, answer.text
    item: Item = answer.json()
    return item


async def give(client: AsyncClient, incident: Item, command: str, **arguments: Any) -> None:
    answer = await client.post(f"/v1/incidents/{incident['id']}/{command}", json=arguments)
    assert answer.status_code == 200, answer.text


async def numbers(client: AsyncClient, **query: str) -> set[str]:
    answer = await client.get("/v1/incidents", params={"limit": "200"} | query)
    assert answer.status_code == 200, answer.text
    return {item["number"] for item in answer.json()["items"]}


async def test_a_family_is_found_by_its_parent(manager: AsyncClient) -> None:
    parent, one, other, alone = [await declared(manager, service="family") for _ in range(4)]
    for child in (one, other):
        await give(manager, parent, "add-child", child=child["number"])
    children = {one["number"], other["number"]}
    for name in (parent["number"], parent["id"]):
        assert await numbers(manager, parent=name) == children
    assert await numbers(manager, service="family", parent="none") == {
        parent["number"], alone["number"],
    }  # fmt: skip
    assert await numbers(manager, service="family", has_children="true") == {parent["number"]}
    without = f"parent:{parent['number']}"
    assert await numbers(manager, service="family", without=without) == {
        parent["number"], alone["number"],
    }  # fmt: skip


async def test_many_are_merged_into_one_and_found_there(manager: AsyncClient) -> None:
    survivor, one, other = [await declared(manager, service="merge") for _ in range(3)]
    body = {
        "command": "merge",
        "ids": [one["id"], other["number"], survivor["id"]],
        "arguments": {"into": survivor["number"]},
    }
    answer = await manager.post("/v1/incidents/bulk", json=body)
    items = answer.json()["items"]
    assert [item["status"] for item in items[:2]] == [200, 200], answer.text
    assert items[2]["status"] in (409, 422)  # into itself
    merged = {one["number"], other["number"]}
    assert await numbers(manager, merged_into=survivor["number"]) == merged
    assert await numbers(manager, service="merge", open="true") == {survivor["number"]}
    assert await numbers(manager, service="merge", status="merged") == merged


async def test_a_link_is_found_by_kind_and_reference(manager: AsyncClient) -> None:
    one, other = [await declared(manager) for _ in range(2)]
    await give(manager, one, "link", kind="change", reference="CHG-7, late")
    await give(manager, other, "link", kind="ticket", reference="T-1")
    assert await numbers(manager, link='"change:CHG-7, late"') == {one["number"]}
    assert await numbers(manager, link="ticket:T-1,change:none") == {other["number"]}


class Shut(NamedTuple):
    """A restricted incident among others like it, and somebody who may not know of it."""

    incident: Item
    others: set[str]
    everybody: set[str]
    bob: AsyncClient
    view: str

    def meant(self, query: str) -> dict[str, str]:
        """A query with the ids that are known by now."""
        ids = ",".join(sorted(self.everybody))
        return dict(parse_qsl(query.format(view=self.view, ids=ids)))


@pytest.fixture(scope="module")
async def shut(service: RunningService, manager: AsyncClient) -> AsyncIterator[Shut]:
    like = {"service": "secret", "tags": ["s"], "title": "Zebra"}
    incident, known, child = [await declared(manager, **like) for _ in range(3)]
    await give(manager, incident, "add-child", child=child["id"])
    await give(manager, incident, "restrict", reason="Security")
    others = {known["number"], child["number"]}
    async with service.client(Role.RESPONDER, subject="bob") as bob:
        mine = {"name": "All", "filters": {"service": ["secret"]}}
        view = (await bob.post("/v1/incident/views", json=mine)).json()["id"]
        yield Shut(incident, others, others | {incident["number"]}, bob, view)


FOUND_BY = ["service=secret", "q=zebra&sort=relevance", "tag=s", "id={ids}"]


@pytest.mark.parametrize("query", [*FOUND_BY, "view={view}"])
async def test_lists_leave_out_what_is_restricted(shut: Shut, query: str) -> None:
    assert await numbers(shut.bob, **shut.meant(query)) == shut.others


@pytest.mark.parametrize("query", FOUND_BY)
async def test_who_may_know_of_it_finds_it_in_the_same_way(
    shut: Shut, manager: AsyncClient, query: str
) -> None:
    assert await numbers(manager, **shut.meant(query)) == shut.everybody


@pytest.mark.parametrize("query", ["service=secret", "q=zebra", "view={view}"])
async def test_counts_leave_out_what_is_restricted(shut: Shut, query: str) -> None:
    by = shut.meant(query) | {"by": "service,tag"}
    counts = (await shut.bob.get("/v1/incidents/facets", params=by)).json()
    assert counts["total"] == len(shut.others)
    assert {"value": "secret", "count": len(shut.others)} in counts["facets"][0]["values"]


async def test_nothing_is_found_by_what_is_restricted(shut: Shut) -> None:
    assert await numbers(shut.bob, parent=shut.incident["id"]) == set()
    assert await numbers(shut.bob, q=shut.incident["number"]) == set()


async def test_a_command_on_many_passes_over_what_is_restricted(shut: Shut) -> None:
    which = {"filters": {"service": ["secret"]}, "expected": len(shut.others)}
    note = {"command": "note", "arguments": {"text": "Seen"}}
    answer = await shut.bob.post("/v1/incidents/bulk", json=note | which)
    assert {item["number"] for item in answer.json()["items"]} == shut.others
