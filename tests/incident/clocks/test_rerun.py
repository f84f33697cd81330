"""New rules run over the past: their verdicts stand beside the old ones, which stay."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.incident.clocks import rerun
from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.until import until

POLICY = "/v1/incident/policies/sla"
RERUN = "/v1/incident/clocks/rerun"
URGENT = {"title": "Down", "impact": 1, "urgency": 1, "service": "checkout"}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def manager(service: RunningService) -> AsyncClient:
    return service.client("incident_manager")


async def _stricter(manager: AsyncClient) -> int:
    document = (await manager.get(POLICY)).json()["document"]
    for target in document["targets"]:
        target["duration"] = 1
    put = await manager.put(POLICY, json=document)
    version: int = put.json()["version"]
    return version


async def _resolved(manager: AsyncClient, **more: Any) -> dict[str, Any]:
    path = (await manager.post("/v1/incidents", json=URGENT | more)).headers["location"]
    answer = await manager.post(f"{path}/resolve", json={"code": "fixed", "summary": "Done"})
    found: dict[str, Any] = answer.json()
    return found


async def _done(manager: AsyncClient, location: str) -> dict[str, Any]:
    async def none_left() -> bool:
        return bool((await manager.get(location)).json()["left"] == 0)

    await until(none_left)
    found: dict[str, Any] = (await manager.get(location)).json()
    return found


async def _clocks(manager: AsyncClient, incident: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await manager.get(f"/v1/incidents/{incident['id']}/clocks")).json()
    return found


async def test_the_new_verdicts_stand_beside_the_old(manager: AsyncClient) -> None:
    incidents = [await _resolved(manager) for _ in range(3)]
    before = [(await _clocks(manager, each))["clocks"] for each in incidents]
    version = await _stricter(manager)
    body = {"policy_version": version}
    begun = await manager.post(RERUN, json=body, headers={"idempotency-key": "once"})
    assert begun.status_code == 201, begun.text
    again = await manager.post(RERUN, json=body, headers={"idempotency-key": "once"})
    assert again.json()["id"] == begun.json()["id"]
    done = await _done(manager, begun.headers["location"])
    assert (done["total"], done["policy_version"], done["left"]) == (3, version, 0)
    for incident, clocks in zip(incidents, before, strict=True):
        told = await _clocks(manager, incident)
        assert told["clocks"] == clocks
        (judged,) = told["reruns"]
        assert (judged["rerun"], judged["policy_version"]) == (done["id"], version)
        assert {c["kind"] for c in judged["clocks"]} == {"response", "resolution"}
    timeline = (await manager.get(f"/v1/incidents/{incidents[0]['id']}/timeline")).json()["items"]
    assert timeline[-1]["title"] == f"Clocks judged by policy version {version}"


async def test_only_those_that_are_meant(manager: AsyncClient) -> None:
    wanted = await _resolved(manager)
    other = await _resolved(manager, service="payroll")
    body = {"policy_version": 1, "filters": {"service": ["checkout"], "priority": [1]}}
    begun = await manager.post(RERUN, json=body)
    assert (await _done(manager, begun.headers["location"]))["total"] == 1
    assert len((await _clocks(manager, wanted))["reruns"]) == 1
    assert (await _clocks(manager, other))["reruns"] == []


async def test_what_cannot_be_run(manager: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = await manager.post(RERUN, json={"policy_version": 9})
    assert unknown.json()["errors"][0]["pointer"] == "/policy_version"
    await _resolved(manager)
    await _resolved(manager)
    monkeypatch.setattr(rerun, "MOST", 1)
    many = await manager.post(RERUN, json={"policy_version": 1})
    assert (many.status_code, "narrow" in many.json()["detail"]) == (409, True)
    nothing = await manager.get("/v1/incident/clocks/reruns/01890a5d-ac96-774b-bcce-b302099a8057")
    assert nothing.status_code == 404


async def test_restricted_ones_are_judged_for_those_who_may_know_of_them(
    service: RunningService, manager: AsyncClient
) -> None:
    secret = await _resolved(manager)
    await manager.post(f"/v1/incidents/{secret['id']}/restrict", json={"reason": "Secret"})
    other = service.client("incident_manager", subject="otto")
    begun = await other.post(RERUN, json={"policy_version": 1})
    assert begun.json()["total"] == 0
    begun = await manager.post(RERUN, json={"policy_version": 1})
    assert begun.json()["total"] == 1
