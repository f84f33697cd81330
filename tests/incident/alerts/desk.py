"""A running incident service as monitors and people meet it, and a clock that a test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from shared.clock import now
from tests.incident.alerts.monitor import PATH, webhook
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.until import until

RULES = "/v1/incident/policies/alert-rules"
WINDOWS = "/v1/catalogue/maintenance-windows"


class Desk:
    """One service and those who use it."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.monitor = service.client("service")
        self.people = service.client("responder")
        self.manager = service.client("incident_manager")
        self._ahead = timedelta()
        service.service.store.clock = lambda: now() + self._ahead

    @property
    def now(self) -> datetime:
        """The service's present."""
        return self.service.service.store.clock()

    def wait(self, **time: float) -> None:
        """Let so much time pass."""
        self._ahead += timedelta(**time)

    def at(self, minutes: float = 0) -> str:
        """A moment so many minutes from now, as a monitor writes it."""
        return (self.now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def firing(self, fingerprint: str = "f1", *, since: str | None = None, **labels: str) -> Any:
        """An alert that began now, or then."""
        return self._alert(
            "firing", fingerprint, since or self.at(), "0001-01-01T00:00:00Z", labels
        )

    def ended(self, alert: dict[str, Any], *, minutes: float = 0) -> Any:
        """The same alert, over now or so many minutes from now."""
        return alert | {"status": "resolved", "endsAt": self.at(minutes)}

    async def tell(self, group: str, *alerts: Any, receiver: str = "tocsin") -> dict[str, Any]:
        """One notification of Alertmanager's."""
        body = webhook(*alerts, group=group, receiver=receiver)
        return await self.post(PATH, body)

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        """What a monitor is answered."""
        answer = await self.monitor.post(path, json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def incident(self, number: str) -> dict[str, Any]:
        """An incident as people see it."""
        answer = await self.people.get(f"/v1/incidents/{number}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def events(self, number: str, kind: str) -> list[dict[str, Any]]:
        """What an incident's events of this kind hold."""
        page = (await self.people.get(f"/v1/incidents/{number}/events")).json()
        return [e["data"] for e in page["items"] if e["type"] == kind]

    async def decided(self, number: str) -> list[dict[str, Any]]:
        """Why each notification did what it did."""
        return [e["decided"] for e in await self.events(number, "incident.alerts_attached")]

    async def rules(self, **document: Any) -> int:
        """Put these in force; answers their version."""
        answer = await self.manager.put(RULES, json=document)
        assert answer.status_code == 200, answer.text
        version: int = answer.json()["version"]
        return version

    async def maintenance(self, service: str, *, minutes: float) -> str:
        """A window that is on from now; answers its id."""
        body = {
            "reason": "Patches",
            "services": [service],
            "from": self.at(),
            "until": self.at(minutes),
        }
        answer = await self.manager.post(WINDOWS, json=body)
        assert answer.status_code == 201, answer.text
        window: str = answer.json()["id"]
        return window

    async def numbers(self, **filters: str) -> list[str]:
        """The incidents that a list finds."""
        page = (await self.people.get("/v1/incidents", params=filters)).json()
        return [each["number"] for each in page["items"]]

    async def until_listed(self, count: int, **filters: str) -> list[str]:
        """Wait until a list finds so many."""

        async def found() -> bool:
            return len(await self.numbers(**filters)) == count

        await until(found)
        return await self.numbers(**filters)

    async def until_status(self, number: str, status: str) -> dict[str, Any]:
        """Wait until an incident is so."""

        async def reached() -> bool:
            return bool((await self.incident(number))["status"] == status)

        await until(reached)
        return await self.incident(number)

    def _alert(
        self, status: str, fingerprint: str, starts: str, ends: str, labels: dict[str, str]
    ) -> dict[str, Any]:
        return {
            "status": status,
            "labels": {"alertname": "Errors", "severity": "critical"} | labels,
            "annotations": {"summary": "Answers with errors"},
            "startsAt": starts,
            "endsAt": ends,
            "generatorURL": "http://monitor.example/graph",
            "fingerprint": fingerprint,
        }


@asynccontextmanager
async def open_desk(databases: Databases) -> AsyncIterator[Desk]:
    """A service of the test's own."""
    async with started("incident", databases) as service:
        yield Desk(service)
