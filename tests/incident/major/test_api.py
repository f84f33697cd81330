"""A major incident over HTTP, from its proposal to its closing notice."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.incident.incidents import Incidents
from services.incident.major.events import ReviewCompleted
from shared.ledger import Order
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

MIA = "major_incident_manager:mia"
ADA = "responder:ada"
COMMANDER: dict[str, Any] = {"role": "incident_commander", "person": "ada"}
UPDATE: dict[str, Any] = {
    "status": "Found",
    "impact": "One payment in ten fails",
    "action": "Rolling back",
}


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service


async def give(
    service: RunningService, id: str, command: str, *, by: str, answers: int = 200, **body: Any
) -> Any:
    role, _, subject = by.partition(":")
    client = service.client(role, subject=subject)
    answer = await client.post(f"/v1/incidents/{id}/{command}", json=body)
    assert answer.status_code == answers, answer.text
    return answer.json()


async def read(service: RunningService, path: str) -> Any:
    answer = await service.client("responder").get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def declared(service: RunningService, **more: Any) -> str:
    body = {"title": "Checkout is down", "impact": 1, "urgency": 1} | more
    answer = await service.client("responder").post("/v1/incidents", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def accepted(service: RunningService, **more: Any) -> str:
    id = await declared(service, **more)
    await give(service, id, "accept-major", by=MIA)
    await give(service, id, "assign-role", by=MIA, **COMMANDER)
    return id


async def review(service: RunningService, id: str) -> None:
    """As the review's own command will."""
    incidents: Incidents = service.service.parts["incidents"]
    at = incidents.store.clock()
    stream = await incidents.find(id)
    order = Order(stream=stream, actor="mia")
    await incidents.execute(order, lambda _: [ReviewCompleted(revision=1, at=at)])


async def test_from_its_proposal_to_its_closing_notice(service: RunningService) -> None:
    id = await declared(service)
    proposed = await give(service, id, "propose-major", by="incident_manager", reason="Down")
    assert (proposed["major"], proposed["major_incident"]["reason"]) == ("proposed", "Down")
    await give(service, id, "accept-major", by=MIA)
    await give(service, id, "assign-role", by=MIA, **COMMANDER)
    await give(service, id, "accept-role", by=ADA)
    asked = await give(
        service, id, "request-responder", by=ADA, person="bob", message="Come", within_minutes=5
    )
    assert asked["major_incident"]["requests"][0]["asking"] == {"person": "bob"}
    await give(service, id, "answer-request", by="responder:bob", accepted=True)
    await give(service, id, "decide", by="responder:bob", decision="Fail over", basis="At rest")
    told = await give(service, id, "post-update", by=ADA, **UPDATE)
    assert {t["state"] for t in told["major_incident"]["communications"]} == {"sent"}
    await give(service, id, "resolve", by="responder", code="fixed", summary="Back")
    refused = await give(service, id, "close", by=MIA, answers=409)
    names = ["management", "affected-users", "technical-teams"]
    left = [*(f"final_update:{name}" for name in names), "review", "problem"]
    assert [each["condition"] for each in refused["unmet"]] == left
    await give(service, id, "close", by="responder", answers=403)
    await give(service, id, "post-update", by=ADA, **UPDATE, final=True)
    await review(service, id)
    refused = await give(service, id, "close", by=MIA, answers=409)
    assert [each["condition"] for each in refused["unmet"]] == ["problem"]
    done = await give(service, id, "close", by=MIA, waive_problem="A supplier had it")
    assert (done["status"], done["major_incident"]["problem_waived"]) == (
        "closed",
        "A supplier had it",
    )
    timeline = await read(service, f"/v1/incidents/{id}/timeline")
    assert [entry["title"] for entry in timeline["items"]][-3:] == [
        "May close without a problem",
        "Closed",
        "Closing notice to management, affected-users, technical-teams",
    ]
