"""The running service: what the machine records is on the timeline and on the feed."""

from datetime import timedelta
from typing import Any

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.until import until


def _ahead(service: RunningService, time: timedelta) -> None:
    """Move the clock of the service, of what it reads and of what it writes."""
    store = service.service.store
    clock = store.clock
    store.clock = store.writer._clock = lambda: clock() + time


async def _titles(agent: AsyncClient, incident: dict[str, Any]) -> list[str]:
    page = (await agent.get(f"/v1/incidents/{incident['id']}/timeline")).json()
    return [entry["title"] for entry in page["items"]]


async def test_a_breach_is_on_the_timeline_and_on_the_feed(databases: Databases) -> None:
    async with started("incident", databases) as service:
        agent = service.client("responder")
        urgent = {"title": "Down", "impact": 1, "urgency": 1}
        incident = (await agent.post("/v1/incidents", json=urgent)).json()
        version = incident["version"]
        _ahead(service, timedelta(minutes=20))

        async def told() -> bool:
            return "The time to respond is over" in await _titles(agent, incident)

        await until(told)
        assert "Most of the time to respond has passed" in await _titles(agent, incident)
        facts = (await service.client("service").get("/v1/incident/feed")).json()
        sla = [fact for fact in facts if "sla" in fact["type"]]
        assert [fact["type"] for fact in sla] == [
            "tocsin.incident.sla_warned.v1", "tocsin.incident.sla_breached.v1",
        ]  # fmt: skip
        assert {fact["data"]["incident"] for fact in sla} == {incident["id"]}
        assert {fact["actor"] for fact in sla} == {"system:sla"}
        clocks = (await agent.get(f"/v1/incidents/{incident['id']}/clocks")).json()["clocks"]
        assert clocks[0]["verdict"]["recorded"]["recorded_by"] == sla[1]["id"]
        now = (await agent.get(f"/v1/incidents/{incident['id']}")).json()
        assert now["version"] == version  # nobody's If-Match fails because of it
