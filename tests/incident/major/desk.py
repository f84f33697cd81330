"""A major incident service as its callers meet it."""

from typing import Any

from services.incident.incidents import Incidents
from services.incident.major.events import ReviewCompleted
from shared.ledger import Order
from tests.support.service import RunningService

MIA = "major_incident_manager:mia"
ADA = "responder:ada"
COMMANDER: dict[str, Any] = {"role": "incident_commander", "person": "ada"}
UNKNOWN = "01a201e5-0000-7000-8000-000000000000"
UPDATE: dict[str, Any] = {
    "status": "Found",
    "impact": "One payment in ten fails",
    "action": "Rolling back",
}


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
