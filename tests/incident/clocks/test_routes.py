"""An incident's clocks over HTTP: now, as known then, as of then, under other rules."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

POLICY = "/v1/incident/policies/sla"
URGENT = {"title": "Down", "impact": 1, "urgency": 1}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def agent(service: RunningService) -> AsyncClient:
    return service.client("responder")


async def declared(agent: AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await agent.post("/v1/incidents", json=URGENT | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def clocks(agent: AsyncClient, incident: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = await agent.get(f"/v1/incidents/{incident['number']}/clocks", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_new_incident_has_a_clock_of_each_kind(agent: AsyncClient) -> None:
    incident = await declared(agent)
    told = await clocks(agent, incident)
    assert [(c["kind"], c["state"], c["target"]) for c in told["clocks"]] == [
        ("response", "running", "response-p1"),
        ("resolution", "running", "resolution-p1"),
    ]
    response = told["clocks"][0]
    assert response["started_at"] == incident["created_at"]
    assert response["target_seconds"] == 900
    assert (told["policy_version"], response["policy_version"]) == (1, 1)
    assert response["segments"][0]["because"]["reason"] == "declared"
    assert response["segments"][0]["until"] == told["at"]


async def test_what_was_known_then_and_what_had_happened_then(agent: AsyncClient) -> None:
    incident = await declared(agent)
    path = f"/v1/incidents/{incident['id']}"
    held = await agent.post(f"{path}/hold", json={"reason": "awaiting_vendor"})
    await agent.post(f"{path}/acknowledge")
    resumed = await agent.post(f"{path}/resume")
    assert (held.status_code, resumed.status_code) == (200, 200)
    now = await clocks(agent, incident)
    assert [s["kind"] for s in now["clocks"][1]["segments"]] == ["running", "paused", "running"]
    known = await clocks(agent, incident, as_of=held.headers["tocsin-position"])
    assert known["clocks"][1]["state"] == "paused"
    assert known["at"] == held.json()["updated_at"]
    then = await clocks(agent, incident, effective_at=held.json()["updated_at"])
    assert then["clocks"][1]["state"] == "paused"
    before = await agent.get(f"{path}/clocks", params={"as_of": incident["position"] - 1})
    assert before.status_code == 404


async def test_what_other_rules_would_say(service: RunningService, agent: AsyncClient) -> None:
    manager = service.client("incident_manager")
    incident = await declared(agent)
    document = (await manager.get(POLICY)).json()["document"]
    for target in document["targets"]:
        target["duration"] *= 2
    put = await manager.put(POLICY, json=document)
    version = put.json()["version"]
    now = await clocks(agent, incident)
    other = await clocks(agent, incident, policy_version=version)
    assert now["clocks"][0]["target_seconds"] * 2 == other["clocks"][0]["target_seconds"]
    assert {c["policy_version"] for c in other["clocks"]} == {version}
    later = await declared(agent)
    assert (await clocks(agent, later))["clocks"][0]["policy_version"] == version
    unknown = await agent.get(
        f"/v1/incidents/{incident['id']}/clocks", params={"policy_version": 99}
    )
    assert unknown.status_code == 422


async def test_a_reporter_sees_those_of_their_own_only(service: RunningService) -> None:
    rita = service.client("reporter", subject="rita")
    own = (await rita.post("/v1/incidents", json=URGENT)).json()
    assert len((await clocks(rita, own))["clocks"]) == 2
    otto = service.client("reporter", subject="otto")
    assert (await otto.get(f"/v1/incidents/{own['id']}/clocks")).status_code == 404
