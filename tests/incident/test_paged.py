"""What came of paging stands in the incident's timeline, beside its own stream."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.incident.policies import from_notifications
from shared.clock import new_id, now
from shared.follower import Fact
from shared.work import Work
from tests.incident.major.desk import MIA, accepted, give
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

PAGED: dict[str, Any] = {"cause": new_id(), "fact": "incident.responder_requested"}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


async def _hear(service: RunningService, name: str, **data: Any) -> UUID:
    store = service.service.store
    fact = Fact(
        id=new_id(),
        type=f"tocsin.notification.{name}.v1",
        subject=new_id(),
        time=now(),
        position=1,
        actor="system:escalation",
        correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode({"at": now()} | PAGED | data)),
    )
    work = Work(store, "system:follower")
    await from_notifications(store)[fact.type](fact, work)
    if not work.is_empty:
        await work.append()
    return fact.subject


async def test_answers_to_pages_are_machine_facts(service: RunningService) -> None:
    client = service.client("responder")
    declared = (await client.post("/v1/incidents", json={"title": "Slow"})).json()
    about = {"about": declared["id"]}
    ways = {"contact": new_id(), "person": "ada", "channel": "email"}
    page = await _hear(service, "acknowledged", by="ada", escalation=new_id(), **about, **ways)
    await _hear(service, "acknowledged", by="a reader of plain mail", **about, **ways)
    await _hear(service, "nobody_answered", people=["ada", "bob"], policy="payments", **about)
    missed = [{"target": "on call by night", "reason": "no rotation covers this time"}]
    await _hear(service, "nobody_to_tell", missed=missed, policy=None, **about)
    path = f"/v1/incidents/{declared['id']}"
    told = (await client.get(f"{path}/timeline")).json()["items"][-4:]
    assert [(e["kind"], e["title"], e["detail"]) for e in told] == [
        ("incident.page_acknowledged", "ada acknowledged by email", PAGED["fact"]),
        (
            "incident.page_acknowledged",
            "a reader of plain mail acknowledged for ada by email",
            PAGED["fact"],
        ),
        (
            "incident.nobody_answered",
            "Nobody answered: ada, bob",
            "incident.responder_requested, policy payments",
        ),
        (
            "incident.nobody_to_tell",
            "Nobody to tell of incident.responder_requested",
            "on call by night: no rotation covers this time",
        ),
    ]
    assert told[0]["links"] == {"notification": f"/v1/notifications/{page}"}
    assert (await client.get(path)).json()["version"] == declared["version"]


async def test_pages_about_problems_are_not_an_incidents_affair(service: RunningService) -> None:
    before = await service.service.store.log.head()
    await _hear(service, "nobody_answered", about=new_id(), people=["ada"], fact="problem.logged")
    assert (await service.service.store.log.head()).position == before.position


async def test_an_incident_shows_who_has_seen_the_page_of_a_request(
    service: RunningService,
) -> None:
    id = await accepted(service)
    path, ways = f"/v1/incidents/{id}", {"contact": new_id(), "person": "bob", "channel": "email"}
    asked = await give(
        service, id, "request-responder", by=MIA, person="bob", message="Come", within_minutes=5
    )
    (request,) = asked["major_incident"]["requests"]
    assert "acknowledged_by" not in request, "a command's answer is the same when it is repeated"
    page = {"about": id, "matter": request["id"], "escalation": new_id()}
    await _hear(service, "acknowledged", by="bob", **page, **ways)
    await _hear(service, "acknowledged", by="bob", **page, **ways)
    await _hear(service, "acknowledged", by="cleo", **page | {"matter": new_id()}, **ways)
    client = service.client("responder")
    before = {"effective_at": asked["updated_at"]}
    for then, seen in (({}, ["bob"]), ({"as_of": asked["position"]}, []), (before, [])):
        shown = (await client.get(path, params=then)).json()
        (request,) = shown["major_incident"]["requests"]
        assert request["state"] == "asked"
        assert [each["person"] for each in request["acknowledged_by"]] == seen
    live = (await client.get(f"{path}/situation")).json()
    assert [each["acknowledged_by"] for each in live["responders"]] == [["bob"]]
    text = (await client.get(f"{path}/situation.md")).text
    assert "page acknowledged by bob" in text
