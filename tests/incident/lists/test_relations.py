"""Families, merges, links and restrictions in lists, facets and for many at once."""

from collections.abc import AsyncIterator
from typing import Any

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


async def test_what_is_restricted_is_nowhere_for_others(
    service: RunningService, manager: AsyncClient
) -> None:
    shut, known, child = [
        await declared(manager, service="secret", tags=["s"], title="Zebra") for _ in range(3)
    ]
    await give(manager, shut, "add-child", child=child["id"])
    await give(manager, shut, "restrict", reason="Security")
    everybody, left = (
        {i["number"] for i in (shut, known, child)},
        {known["number"], child["number"]},
    )
    async with service.client(Role.RESPONDER, subject="bob") as bob:
        view = await bob.post(
            "/v1/incident/views", json={"name": "All", "filters": {"service": ["secret"]}}
        )
        asked: tuple[dict[str, str], ...] = (
            {"service": "secret"},
            {"q": "zebra", "sort": "relevance"},
            {"tag": "s"},
            {"view": view.json()["id"]},
            {"id": ",".join(everybody)},
        )
        for query in asked:
            assert await numbers(bob, **query) == left
            if "view" not in query:
                assert await numbers(manager, **query) == everybody
        for query in ({"service": "secret"}, {"q": "zebra"}, {"view": view.json()["id"]}):
            answer = await bob.get("/v1/incidents/facets", params=query | {"by": "service,tag"})
            assert answer.json()["total"] == 2
            counted = answer.json()["facets"][0]["values"]
            assert {"value": "secret", "count": 2} in counted
        assert await numbers(bob, parent=shut["id"]) == set()
        assert await numbers(bob, q=shut["number"]) == set()
        body = {
            "command": "note",
            "filters": {"service": ["secret"]},
            "expected": 2,
            "arguments": {"text": "Seen"},
        }
        answer = await bob.post("/v1/incidents/bulk", json=body)
        assert {item["number"] for item in answer.json()["items"]} == left
