"""An incident for a review, and those who work on it, over HTTP."""

from typing import Any

from services.incident.review.commands import REQUIRED
from shared.auth.roles import Role
from tests.support.service import RunningService

RESOLUTION = {"code": "fixed", "summary": "Rolled back release 41"}


class Story:
    """One incident and those who work on it."""

    def __init__(self, service: RunningService, path: str) -> None:
        self.service = service
        self.path = path
        self.responder = service.client(Role.RESPONDER)
        self.manager = service.client(Role.MAJOR_INCIDENT_MANAGER)

    async def give(self, command: str, by: Any = None, **body: Any) -> dict[str, Any]:
        answer = await (by or self.responder).post(f"{self.path}/{command}", json=body)
        assert answer.status_code == 200, f"{command}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, command: str, by: Any = None, **body: Any) -> dict[str, Any]:
        answer = await (by or self.responder).post(f"{self.path}/{command}", json=body)
        assert answer.status_code == 409, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def review(self, query: str = "") -> dict[str, Any]:
        answer = await self.responder.get(f"{self.path}/review{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, form: str, query: str = "") -> bytes:
        answer = await self.responder.get(f"{self.path}/review.{form}{query}")
        assert answer.status_code == 200, answer.text
        return bytes(answer.content)

    async def written(self, *sections: str) -> None:
        for section in sections or REQUIRED:
            await self.give("review/write-section", section=section, text=f"{section}, seen")

    async def completed(self) -> dict[str, Any]:
        await self.written()
        return await self.give("review/complete", self.manager)


async def told(service: RunningService, *, major: bool = True) -> Story:
    """An incident, resolved."""
    client = service.client(Role.RESPONDER)
    body = {"title": "Checkout <b>slow</b>", "service": "checkout"}
    answer = await client.post("/v1/incidents", json=body)
    story = Story(service, f"/v1/incidents/{answer.json()['id']}")
    await story.give("acknowledge")
    if major:
        await story.give("accept-major", story.manager)
        role = {"role": "incident_commander", "person": "cora"}
        await story.give("assign-role", story.manager, **role)
        said = {"decision": "Fail over to north", "basis": "South is down"}
        await story.give("decide", story.manager, **said)
        said = {"status": "We know <i>why</i>", "impact": "None pay", "action": "Rollback"}
        await story.give("post-update", story.manager, **said, audiences=["management"])
    await story.give("mitigate", action="Rolled back")
    await story.give("resolve", **RESOLUTION)
    return story
