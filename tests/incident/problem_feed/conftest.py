"""A running incident service, and facts as the problem service would tell them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.incident.incidents import Incidents
from services.incident.policies import from_problems
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.clock import new_id
from shared.follower import Fact
from shared.work import Work
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@dataclass
class Desk:
    """What the problem service tells, and what people do with incidents."""

    service: RunningService
    client: AsyncClient
    told: list[Fact] = field(default_factory=list)

    @property
    def incidents(self) -> Incidents:
        found: Incidents = self.service.service.parts["incidents"]
        return found

    def fact(self, name: str, subject: UUID, /, **data: Any) -> Fact:
        """Of another system's past where it is `quiet`."""
        fact = Fact(
            id=new_id(),
            type=f"tocsin.{name}.v1",
            subject=subject,
            time=NOON,
            position=len(self.told) + 1,
            actor="grace",
            correlation_id=new_id(),
            imported=data.pop("quiet", False),
            data=msgspec.Raw(msgspec.json.encode(data)),
        )
        self.told.append(fact)
        return fact

    async def hear(self, *facts: Fact) -> None:
        """As the follower would: a page is one append."""
        reactions = from_problems(self.incidents)
        work = Work(self.incidents.store, "system:incident-follows-problem")
        for fact in facts:
            work.caused_by(fact.id, fact.correlation_id)
            if not fact.is_quiet or getattr(reactions[fact.type], "hears_history", False):
                await reactions[fact.type](fact, work)
        assert (await work.append()).outcome == "appended"

    async def tell(self, name: str, subject: UUID, /, **data: Any) -> None:
        await self.hear(self.fact(f"problem.{name}", subject, **data))

    async def problem(self, *incidents: str, **data: Any) -> tuple[UUID, str]:
        """A problem raised elsewhere: its id and number."""
        problem, number = new_id(), f"PRB-{new_id().int % 10**12}"
        told = {"number": number, "title": "Pools run dry", "incidents": incidents}
        await self.tell("logged", problem, **(told | data))
        return problem, number

    async def declare(self, **more: Any) -> str:
        answer = await self.client.post("/v1/incidents", json={"title": "Slow"} | more)
        assert answer.status_code == 201, answer.text
        incident: str = answer.json()["id"]
        return incident

    async def waiting(self, problem: UUID | str) -> str:
        """An incident on hold for this problem."""
        incident = await self.declare()
        await self.give(incident, "hold", reason="awaiting_problem", problem=str(problem))
        return incident

    async def give(self, incident: str, command: str, **body: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/v1/incidents/{incident}/{command}", json=body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def refused(self, incident: str, command: str, **body: Any) -> str:
        answer = await self.client.post(f"/v1/incidents/{incident}/{command}", json=body)
        assert answer.status_code == 409, answer.text
        detail: str = answer.json()["detail"]
        return detail

    async def read(self, incident: str) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.client.get(f"/v1/incidents/{incident}")).json()
        return shown

    async def titles(self, incident: str, client: AsyncClient | None = None) -> list[str]:
        """Of its timeline, without what it began with."""
        path = f"/v1/incidents/{incident}/timeline"
        entries = (await (client or self.client).get(path)).json()["items"]
        return [entry["title"] for entry in entries if entry["kind"] != "incident.declared"]

    async def feed_of(self, incident: str) -> list[dict[str, Any]]:
        """What the service has told others of it."""
        told, after = list[dict[str, Any]](), 0
        while page := (await self.client.get(f"/v1/incident/feed?lastEventId={after}")).json():
            told, after = told + page, int(page[-1]["position"])
        return [each for each in told if each["subject"] == incident]

    async def statuses(self, incidents: Sequence[str]) -> list[str]:
        return [(await self.read(each))["status"] for each in incidents]


@pytest.fixture
async def desk(service: RunningService) -> AsyncIterator[Desk]:
    async with service.client(Role.ADMIN) as client:
        yield Desk(service, client)
