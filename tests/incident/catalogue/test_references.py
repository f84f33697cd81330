"""What an incident names is shown with what is known of it, now and then."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.incident.policies import from_notifications
from services.notification.contact_events import ContactRetired, ContactSet
from services.notification.published import PUBLISHED
from services.notification.teams.events import TeamRetired, TeamSet
from shared.client import AsyncClient
from shared.clock import new_id, now
from shared.domain import Event
from shared.follower import Fact
from shared.work import Work
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

SLOW = {"title": "Slow", "service": "checkout", "item": "db-1", "assigned_to": "ada"}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> AsyncClient:
    return service.client()


async def hear(service: RunningService, subject: UUID, position: int, event: Event) -> None:
    """A fact of the notification service arrives, as it is told."""
    fact = Fact(
        id=new_id(), type=f"tocsin.{event.topic}.v1", subject=subject, time=now(),
        position=position, actor="admin", correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode(PUBLISHED[type(event)](event))),
    )  # fmt: skip
    store = service.service.store
    work = Work(store, "system:follower")
    await from_notifications(store)[fact.type](fact, work)
    await work.append()


async def read(client: AsyncClient, where: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(where, params=params)).json()["references"]
    return found


async def test_what_nobody_knows_is_accepted_and_said_so(client: AsyncClient) -> None:
    declared = await client.post("/v1/incidents", json=SLOW)
    assert declared.json()["service"] == "checkout"
    assert "references" not in declared.json()
    found = await read(client, declared.headers["location"])
    assert found["service"] == {
        "key": "checkout", "known": False, "name": None, "criticality": None,
        "owning_team": None, "assignment_group": None, "retired": False,
    }  # fmt: skip
    assert found["item"]["known"] is False
    assert found["group"] is None
    assert found["assigned_to"] == {"key": "ada", "known": False}


async def test_what_is_added_later_is_known_from_then_on(client: AsyncClient) -> None:
    declared = await client.post("/v1/incidents", json=SLOW)
    where, before = declared.headers["location"], declared.json()["position"]
    checkout = {"key": "checkout", "name": "Checkout", "criticality": "high", "owning_team": "pay"}
    body = checkout | {"assignment_group": "tills"}
    await client.post("/v1/catalogue/services", json=body)
    added = await client.post("/v1/catalogue/items", json={"key": "db-1", "name": "Data"})
    found = await read(client, where)
    more = {"known": True, "retired": False, "assignment_group": "tills"}
    assert found["service"] == checkout | more
    assert found["item"]["name"] == "Data"
    await client.post("/v1/catalogue/items/db-1/retire")
    assert (await read(client, where))["item"] | {"name": ""} == {
        "key": "db-1", "known": True, "name": "", "criticality": None, "owning_team": None,
        "assignment_group": None, "retired": True,
    }  # fmt: skip
    then = await read(client, where, as_of=added.json()["position"])
    assert (then["service"]["criticality"], then["item"]["retired"]) == ("high", False)
    assert (await read(client, where, as_of=before))["service"]["known"] is False


async def test_a_person_is_known_while_there_is_a_way_to_reach_them(
    service: RunningService, client: AsyncClient
) -> None:
    declared = await client.post("/v1/incidents", json=SLOW)
    where, contact = declared.headers["location"], new_id()
    wait = {"wait_for": f"incident:{declared.json()['position']}"}
    await hear(service, contact, 1, ContactSet(person="ada", name="Ada"))
    assert (await read(client, where, **wait))["assigned_to"]["known"] is True
    assert (await read(client, where, as_of=declared.json()["position"]))["assigned_to"] == {
        "key": "ada", "known": False,
    }  # fmt: skip
    await hear(service, contact, 2, ContactRetired())
    assert (await read(client, where, **wait))["assigned_to"]["known"] is False


async def test_a_team_is_known_until_it_is_retired(
    service: RunningService, client: AsyncClient
) -> None:
    declared = await client.post("/v1/incidents", json=SLOW | {"group": "payments"})
    where, team = declared.headers["location"], new_id()
    wait = {"wait_for": f"incident:{declared.json()['position']}"}
    await hear(service, team, 1, TeamSet(key="payments", name="Payments"))
    assert (await read(client, where, **wait))["group"] == {"key": "payments", "known": True}
    await hear(service, team, 2, TeamRetired(key="payments"))
    assert (await read(client, where, **wait))["group"]["known"] is False


async def test_what_is_heard_of_others_is_what_they_tell(service: RunningService) -> None:
    told = {f"tocsin.{kind.topic}.v1" for kind in PUBLISHED}
    assert set(from_notifications(service.service.store)) <= told


async def test_another_process_is_seen_by_who_waits_for_it(
    service: RunningService, client: AsyncClient, databases: Databases
) -> None:
    where = (await client.post("/v1/incidents", json=SLOW)).headers["location"]
    await read(client, where)
    async with started("incident", databases, beside=service) as second:
        body = {"key": "checkout", "name": "Checkout"}
        added = await second.client().post("/v1/catalogue/services", json=body)
    wait_for = f"incident:{added.json()['position']}"
    assert (await read(client, where, wait_for=wait_for))["service"]["known"] is True
