"""Policies over HTTP: the next version in force, every earlier one readable."""

from collections.abc import AsyncIterator

import pytest

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

BASE = "/v1/incident/policies"
TWO_LEVELS = {"cells": {"11": 1, "12": 2, "21": 2, "22": 3}}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def manager(service: RunningService) -> AsyncClient:
    return service.client("incident_manager")


@pytest.mark.parametrize("name", ["priority-matrix", "reopening", "alert-rules", "sla"])
async def test_each_begins_with_a_built_in_document_that_can_be_put_back(
    manager: AsyncClient, name: str
) -> None:
    built_in = await manager.get(f"{BASE}/{name}")
    assert (built_in.status_code, built_in.headers["etag"]) == (200, '"1"')
    put = await manager.put(f"{BASE}/{name}", json=built_in.json()["document"])
    assert put.status_code == 200, put.text
    assert put.json()["document"] == built_in.json()["document"]
    assert put.json()["version"] == 2


async def test_a_new_matrix_decides_and_says_its_version(
    service: RunningService, manager: AsyncClient
) -> None:
    before = service.service.store.clock().isoformat()
    put = await manager.put(f"{BASE}/priority-matrix", json=TWO_LEVELS, headers={"if-match": '"1"'})
    assert (put.status_code, put.headers["etag"]) == (200, '"2"')
    declared = await service.client("responder").post(
        "/v1/incidents", json={"title": "Down", "impact": 2, "urgency": 2}
    )
    assert (declared.json()["priority"], declared.json()["matrix_version"]) == (3, 2)
    then = await manager.get(f"{BASE}/priority-matrix", params={"as_of": before})
    assert len(then.json()["document"]["cells"]) == 9
    seen = {"wait_for": f"incident:{put.headers['tocsin-position']}"}
    now = await manager.get(f"{BASE}/priority-matrix", params=seen)
    assert (now.json()["version"], now.json()["document"]) == (2, TWO_LEVELS)
    late = {"wait_for": "incident:999999"}
    answer = await manager.get(f"{BASE}/priority-matrix", params=late)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-caught-up")
    versions = (await manager.get(f"{BASE}/priority-matrix/versions")).json()["items"]
    named = declared.json()["matrix_version"]
    assert [(v["version"], v["data"]["document"]) for v in versions] == [(named, TWO_LEVELS)]
    assert versions[0]["actor"] == "demo-incident_manager"


async def test_a_repeated_answer_is_the_same_to_the_letter(
    service: RunningService, manager: AsyncClient
) -> None:
    agent = service.client("responder")
    key = {"idempotency-key": "k"}
    declared = {"title": "Down", "labels": {"zone": "north", "app": "checkout"}}
    matrix = {"cells": {"22": 3, "21": 2, "12": 2, "11": 1}}
    told = [await agent.post("/v1/incidents", json=declared, headers=key) for _ in range(2)]
    put = [await manager.put(f"{BASE}/priority-matrix", json=matrix, headers=key) for _ in range(2)]
    for first, again in (told, put):
        assert first.is_success
        assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])


async def test_a_matrix_with_holes_is_refused_with_their_names(manager: AsyncClient) -> None:
    answer = await manager.put(f"{BASE}/priority-matrix", json={"cells": {"11": 1, "22": 2}})
    assert answer.status_code == 422
    assert "12, 21" in answer.json()["errors"][0]["detail"]


FIVE_LEVELS = {f"{i}{u}": min(9, i + u - 1) for i in range(1, 6) for u in range(1, 6)}


async def test_a_matrix_of_five_levels_works_from_end_to_end(
    service: RunningService, manager: AsyncClient
) -> None:
    await manager.put(f"{BASE}/priority-matrix", json={"cells": FIVE_LEVELS})
    agent = service.client("responder")
    for impact, urgency in ((1, 1), (5, 1), (4, 5)):
        body = {"title": "Down", "impact": impact, "urgency": urgency}
        declared = (await agent.post("/v1/incidents", json=body)).json()
        assert declared["priority"] == FIVE_LEVELS[f"{impact}{urgency}"]
    last = await agent.post("/v1/incidents", json={"title": "Down", "impact": 5, "urgency": 5})
    again = f"{last.headers['location']}/prioritise"
    prioritised = await agent.post(again, json={"impact": 5, "urgency": 4})
    assert (prioritised.json()["priority"], prioritised.json()["matrix_version"]) == (8, 2)
    listed = await agent.get("/v1/incidents", params={"priority": "8", "sort": "-number"})
    assert [i["urgency"] for i in listed.json()["items"]] == [4, 5]
    beyond = await agent.post(again, json={"impact": 6, "urgency": 1})
    assert "levels 1 to 5" in beyond.json()["errors"][0]["detail"]


async def test_impact_and_urgency_may_have_different_numbers_of_levels(
    service: RunningService, manager: AsyncClient
) -> None:
    wide = {"cells": {"11": 1, "12": 2, "13": 3, "21": 2, "22": 3, "23": 4}}
    assert (await manager.put(f"{BASE}/priority-matrix", json=wide)).status_code == 200
    body = {"title": "Down", "impact": 2, "urgency": 4}
    refused = (await service.client("responder").post("/v1/incidents", json=body)).json()
    assert refused["errors"][0]["pointer"] == "/urgency"
    assert "1 to 3 of urgency" in refused["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("cells", "holes"),
    [
        ({"22": 1}, "11, 12, 21"),
        ({"11": 1, "31": 2}, "21"),
        ({"11": 1, "13": 2, "31": 3, "33": 4}, "12, 21, 22, 23, 32"),
    ],
)
async def test_levels_that_are_left_out_are_named(
    manager: AsyncClient, cells: dict[str, int], holes: str
) -> None:
    answer = await manager.put(f"{BASE}/priority-matrix", json={"cells": cells})
    assert answer.json()["errors"] == [
        {"pointer": "/cells", "detail": f"the matrix has holes at {holes}"}
    ]


async def test_where_nothing_closes_by_itself_no_timer_is_armed(
    service: RunningService, manager: AsyncClient
) -> None:
    await manager.put(f"{BASE}/reopening", json={"auto_close_days": None})
    agent = service.client("responder")
    declared = (await agent.post("/v1/incidents", json={"title": "Down"})).json()
    resolution = {"code": "fixed", "summary": "Done"}
    await agent.post(f"/v1/incidents/{declared['id']}/resolve", json=resolution)
    assert await rows(service.database, "select name from timers") == []
    await manager.put(f"{BASE}/reopening", json={"auto_close_days": 3})
    await agent.post(f"/v1/incidents/{declared['id']}/reopen", json={"reason": "Again"})
    await agent.post(f"/v1/incidents/{declared['id']}/resolve", json=resolution)
    armed = await rows(service.database, "select name, due_at - now() as left from timers")
    assert [(t["name"], t["left"].days) for t in armed] == [("auto-close", 2)]


async def test_of_two_who_saw_the_same_version_one_is_late(manager: AsyncClient) -> None:
    headers = {"if-match": '"1"'}
    first = await manager.put(f"{BASE}/reopening", json={"window_days": 7}, headers=headers)
    late = await manager.put(f"{BASE}/reopening", json={"window_days": 9}, headers=headers)
    assert (first.status_code, late.status_code) == (200, 412)
    assert "version 2 by now" in late.json()["detail"]


async def test_a_repeated_put_answers_alike(manager: AsyncClient) -> None:
    headers = {"idempotency-key": "once", "if-match": '"1"'}
    first, again = [
        await manager.put(f"{BASE}/reopening", json={"window_days": 7}, headers=headers)
        for _ in range(2)
    ]
    assert first.status_code == 200
    assert again.json() == first.json()


async def test_a_slow_pattern_is_refused_at_its_place(manager: AsyncClient) -> None:
    rule = {"match": [{"label": "l", "matches": "(a+)+"}]}
    answer = await manager.put(f"{BASE}/alert-rules", json={"rules": [rule]})
    assert answer.json()["errors"][0]["pointer"] == "/rules/0/match/0/matches"


async def test_only_managers_replace_and_no_reporter_reads(service: RunningService) -> None:
    put = await service.client("responder").put(f"{BASE}/reopening", json={})
    read = await service.client("reporter").get(f"{BASE}/reopening")
    assert (put.status_code, read.status_code) == (403, 403)


async def test_the_feed_tells_of_a_policy(service: RunningService, manager: AsyncClient) -> None:
    await manager.put(f"{BASE}/priority-matrix", json=TWO_LEVELS)
    facts = (await service.client("service").get("/v1/incident/feed")).json()
    assert facts[-1]["type"] == "tocsin.policy.set.v1"
    assert facts[-1]["data"] == {"name": "priority-matrix", "document": TWO_LEVELS}
