"""A running incident service, and its incidents as a manager handles them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from tests.incident.problem_feed.publishing import publish_known_error
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started


class Desk:
    """Somebody at work on incidents, over HTTP."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def declare(self, title: str = "Slow", **told: Any) -> dict[str, Any]:
        """A new incident."""
        answer = await self.client.post("/v1/incidents", json={"title": title, **told})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, incident: dict[str, Any], **query: str) -> dict[str, Any]:
        """As it is, or as it was."""
        answer = await self.client.get(f"/v1/incidents/{incident['id']}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ask(self, incident: dict[str, Any], command: str, **body: Any) -> Response:
        """A command, however it is answered."""
        return await self.client.post(f"/v1/incidents/{incident['id']}/{command}", json=body)

    async def give(self, incident: dict[str, Any], command: str, **body: Any) -> dict[str, Any]:
        """A command that is taken."""
        answer = await self.ask(incident, command, **body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, incident: dict[str, Any], command: str, **body: Any) -> str:
        """A command that the rules refuse, with the reason."""
        answer = await self.ask(incident, command, **body)
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"] == "/problems/refused"
        reason: str = answer.json()["detail"]
        return reason

    async def timeline(self, incident: dict[str, Any], **query: str) -> list[dict[str, Any]]:
        """What is told of it."""
        answer = await self.client.get(f"/v1/incidents/{incident['id']}/timeline", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


RESOLVED = {"code": "fixed", "summary": "Rolled back"}


@pytest.fixture(scope="package")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        await publish_known_error(service, "KE-7")
        yield service


@pytest.fixture(scope="package")
async def desk(service: RunningService) -> AsyncIterator[Desk]:
    async with service.client(Role.INCIDENT_MANAGER) as client:
        yield Desk(client)
