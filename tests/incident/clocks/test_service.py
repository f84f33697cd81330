"""The running service: what the machine records is on the timeline and on the feed."""

from datetime import timedelta
from typing import Any

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started
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


async def _numbers(agent: AsyncClient, **query: Any) -> list[str]:
    answer = await agent.get("/v1/incidents", params=query)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def test_lists_find_what_is_breached_and_what_soon_will_be(databases: Databases) -> None:
    async with started("incident", databases) as service:
        agent = service.client("responder")
        urgent = await agent.post("/v1/incidents", json={"title": "A", "impact": 1, "urgency": 1})
        second = await agent.post("/v1/incidents", json={"title": "B", "impact": 1, "urgency": 2})
        await agent.post("/v1/incidents", json={"title": "C", "impact": 3, "urgency": 3})
        before = (await agent.get("/v1/incidents")).json()["position"]
        _ahead(service, timedelta(minutes=25))

        async def known() -> bool:
            return bool(
                await _numbers(agent, sla="breached") and await _numbers(agent, sla="at_risk")
            )

        await until(known)
        assert await _numbers(agent, sla="breached") == [urgent.json()["number"]]
        assert await _numbers(agent, sla="at_risk") == [second.json()["number"]]
        assert len(await _numbers(agent, sla="at_risk,breached")) == 2
        assert len(await _numbers(agent, without="sla:breached")) == 2
        assert await _numbers(agent, sla="breached", as_of=before) == []
        facets = await agent.get(
            "/v1/incidents/facets", params={"sla": "breached", "as_of": before}
        )
        assert facets.status_code == 200, facets.text
        head = (await agent.get("/v1/incidents")).json()["position"]
        assert await _numbers(agent, sla="breached", as_of=head) == [urgent.json()["number"]]


async def _kept(agent: AsyncClient) -> tuple[dict[str, Any], float]:
    """What `/readyz` and the metrics say of the keeper of clocks."""
    ready = (await agent.get("/readyz")).json()
    metrics = (await agent.get("/metrics")).text
    line = next(line for line in metrics.splitlines() if line.startswith("tocsin_keeper_behind{"))
    assert line.startswith('tocsin_keeper_behind{keeper="clocks"}')
    return ready["parts"]["keepers"]["clocks"], float(line.rpartition(" ")[2])


async def test_an_operator_sees_how_far_behind_the_clocks_are(databases: Databases) -> None:
    async with started("incident", databases) as service:
        agent, pool = service.client("responder"), service.service.store.pool

        async def is_level() -> bool:
            return await _kept(agent) == ({"behind": 0, "trouble": None}, 0)

        await agent.post("/v1/incidents", json={"title": "A"})
        await until(is_level)
        async with pool.acquire() as other, other.transaction():
            await other.execute("select from cursors where name = 'clocks' for update")
            for title in ("B", "C"):
                await agent.post("/v1/incidents", json={"title": title})
            assert await _kept(agent) == ({"behind": 2, "trouble": None}, 2)
            assert (await agent.get("/readyz")).status_code == 200
        await until(is_level)


async def test_an_operator_sees_what_troubles_the_clocks(databases: Databases) -> None:
    async with started("incident", databases) as service:
        agent = service.client("responder")

        async def trouble() -> str | None:
            found: str | None = (await _kept(agent))[0]["trouble"]
            return found

        async def is_told() -> bool:
            return "incident_clocks" in (await trouble() or "")

        async def is_over() -> bool:
            return await trouble() is None and (await _kept(agent))[1] == 0

        await rows(service.database, "alter table incident_clocks rename to away")
        urgent = {"title": "A", "impact": 1, "urgency": 1}
        assert (await agent.post("/v1/incidents", json=urgent)).status_code == 201
        await until(is_told)
        await rows(service.database, "alter table away rename to incident_clocks")
        await until(is_over)
