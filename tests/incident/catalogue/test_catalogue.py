"""The catalogue over HTTP: services, items and maintenance windows, with their past."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.cli.rebuild import rebuilt_models
from services.incident.app import DEFINITION
from services.incident.catalogue.catalogue import CATALOGUE, Catalogue
from services.incident.catalogue.events import Criticality
from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

BASE = "/v1/catalogue"
CHECKOUT: dict[str, Any] = {
    "key": "checkout",
    "name": "Checkout",
    "criticality": "critical",
    "owning_team": "payments",
    "dependencies": {"services": ["bank"], "items": ["db-1"]},
}
PATCHES: dict[str, Any] = {
    "reason": "Patches",
    "services": ["checkout"],
    "items": ["db-1"],
    "from": "2026-11-22T01:00:00Z",
    "until": "2026-11-22T03:00:00Z",
    "time_zone": "Europe/Berlin",
    "repeats": {"every": "week"},
}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def manager(service: RunningService) -> AsyncClient:
    return service.client("incident_manager")


async def test_a_service_is_added_read_changed_and_retired(manager: AsyncClient) -> None:
    added = await manager.post(f"{BASE}/services", json=CHECKOUT)
    assert (added.status_code, added.headers["etag"]) == (201, '"1"')
    by_key = await manager.get(f"{BASE}/services/checkout")
    assert by_key.json()["dependencies"] == CHECKOUT["dependencies"]
    assert [a["name"] for a in by_key.json()["actions"] if a["allowed"]] == ["put", "retire"]
    changed = CHECKOUT | {"criticality": "high"}
    put = await manager.put(added.headers["location"], json=changed, headers={"if-match": '"1"'})
    assert (put.status_code, put.json()["criticality"], put.json()["version"]) == (200, "high", 2)
    late = await manager.put(added.headers["location"], json=CHECKOUT, headers={"if-match": '"1"'})
    assert late.status_code == 412
    retired = await manager.post(f"{BASE}/services/checkout/retire")
    assert retired.json()["retired"]
    assert (await manager.put(f"{BASE}/services/checkout", json=CHECKOUT)).status_code == 409


async def test_its_past_stays_readable(manager: AsyncClient) -> None:
    added = (await manager.post(f"{BASE}/items", json={"key": "db-1", "name": "Old"})).json()
    await manager.put(f"{BASE}/items/db-1", json={"key": "db-1", "name": "New", "type": "database"})
    await manager.post(f"{BASE}/items/db-1/retire")
    then = {"as_of": added["position"]}
    assert (await manager.get(f"{BASE}/items/db-1", params=then)).json()["name"] == "Old"
    listed = (await manager.get(f"{BASE}/items", params=then)).json()["items"]
    assert [(i["name"], i["retired"], i["type"]) for i in listed] == [("Old", False, None)]
    versions = (await manager.get(f"{BASE}/items/db-1/versions")).json()["items"]
    assert [v["type"].split(".")[1] for v in versions] == ["item_set", "item_set", "item_retired"]


async def test_a_key_is_taken_once_however_many_come(manager: AsyncClient) -> None:
    answers = await asyncio.gather(
        *(manager.post(f"{BASE}/services", json=CHECKOUT) for _ in range(5))
    )
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409]
    key = {"idempotency-key": "k"}
    again = [
        await manager.post(f"{BASE}/services", json={"key": "till", "name": "T"}, headers=key)
        for _ in range(2)
    ]
    assert [a.status_code for a in again] == [201, 201]
    assert again[0].content == again[1].content
    other = {"key": "another", "name": "T"}
    assert (await manager.post(f"{BASE}/services", json=other, headers=key)).status_code == 422


async def test_what_was_never_added_is_neither_changed_nor_retired(manager: AsyncClient) -> None:
    itself = CHECKOUT | {"dependencies": {"services": ["checkout"]}}
    assert (await manager.post(f"{BASE}/services", json=itself)).status_code == 409
    for path in ("services/checkout", "items/checkout"):
        answers = [
            await manager.get(f"{BASE}/{path}"),
            await manager.put(f"{BASE}/{path}", json={"key": "checkout", "name": "C"}),
            await manager.post(f"{BASE}/{path}/retire"),
            await manager.get(f"{BASE}/{path}/versions"),
            await manager.get(f"{BASE}/{path}/impact"),
        ]
        assert [a.status_code for a in answers] == [404] * 5
    assert (await manager.post(f"{BASE}/services", json=CHECKOUT)).status_code == 201


async def test_a_key_may_hold_anything_a_key_may(manager: AsyncClient) -> None:
    key = "EU/Payments: card-not-present"
    added = await manager.post(f"{BASE}/services", json={"key": key, "name": "Cards"})
    assert (await manager.get(added.headers["location"])).json()["key"] == key
    found = (await manager.get(f"{BASE}/services", params={"key": key})).json()["items"]
    assert [s["key"] for s in found] == [key]


async def test_lists_are_filtered(manager: AsyncClient) -> None:
    bank = {"key": "bank", "name": "Bank link", "owning_team": "core"}
    for body in (CHECKOUT, bank):
        await manager.post(f"{BASE}/services", json=body)
    await manager.post(f"{BASE}/items", json={"key": "bank", "name": "A box", "type": "host"})
    await manager.post(f"{BASE}/services/bank/retire")

    async def keys(**params: Any) -> list[str]:
        answer = await manager.get(f"{BASE}/services", params=params)
        return [s["key"] for s in answer.json()["items"]]

    assert await keys() == ["bank", "checkout"]
    assert await keys(sort="-key", limit=1) == ["checkout"]
    assert await keys(owning_team="payments,else") == ["checkout"]
    assert await keys(criticality="critical") == ["checkout"]
    assert await keys(retired=True) == ["bank"]
    assert await keys(q="ANK L") == ["bank"]
    assert await keys(q="%") == []
    assert await keys(depends_on_service="bank") == ["checkout"]
    items = (await manager.get(f"{BASE}/items", params={"type": "host"})).json()["items"]
    assert [(i["key"], i["name"]) for i in items] == [("bank", "A box")]


async def test_impact_names_what_depends_and_what_it_rests_on(manager: AsyncClient) -> None:
    shop = {"key": "shop", "name": "Shop", "dependencies": {"services": ["checkout"]}}
    bank = {"key": "bank", "name": "Bank", "dependencies": {"services": ["shop"]}}
    for body in (CHECKOUT, shop, bank):
        await manager.post(f"{BASE}/services", json=body)
    found = (await manager.get(f"{BASE}/services/bank/impact")).json()
    assert [(d["key"], d["steps"]) for d in found["dependants"]] == [("checkout", 1), ("shop", 2)]
    rests = (await manager.get(f"{BASE}/services/checkout/impact")).json()["dependencies"]
    assert [(d["kind"], d["key"], d["known"]) for d in rests] == [
        ("service", "bank", True),
        ("item", "db-1", False),
    ]


WINDOWS = f"{BASE}/maintenance-windows"


async def test_a_window_is_planned_as_it_was_said(manager: AsyncClient) -> None:
    added = await manager.post(WINDOWS, json=PATCHES)
    assert added.status_code == 201, added.text
    told = added.json()
    assert (told["from"], told["until"]) == (PATCHES["from"], PATCHES["until"])
    assert told["repeats"] == {"every": "week", "interval": 1, "until": None}


async def test_a_window_that_is_changed_stands_in_the_past_as_it_was(manager: AsyncClient) -> None:
    added = await manager.post(WINDOWS, json=PATCHES)
    put = await manager.put(added.headers["location"], json=PATCHES | {"repeats": None})
    assert put.json()["repeats"] is None
    over = await manager.get(WINDOWS, params={"over_after": "2026-11-22T03:00:00Z"})
    assert over.json()["items"] == []
    then = {"as_of": added.json()["position"], "service": "checkout"}
    listed = (await manager.get(WINDOWS, params=then)).json()["items"]
    assert [item["repeats"]["every"] for item in listed] == ["week"]


async def test_a_window_that_is_retired_takes_no_command_and_keeps_its_versions(
    manager: AsyncClient,
) -> None:
    where = (await manager.post(WINDOWS, json=PATCHES)).headers["location"]
    assert (await manager.post(f"{where}/retire")).json()["retired"]
    read = (await manager.get(where)).json()
    assert [action["allowed"] for action in read["actions"]] == [False, False]
    assert len((await manager.get(f"{where}/versions")).json()["items"]) == 2


WRONG: dict[str, dict[str, Any]] = {
    "nothing is named": {"services": [], "items": []},
    "it ends before it begins": {"until": "2026-11-22T00:00:00Z"},
    "it lasts for years": {"until": "2029-11-22T00:00:00Z"},
    "it lasts longer than its period": {"until": "2026-12-22T00:00:00Z"},
    "the time zone is unknown": {"time_zone": "Europe/Atlantis"},
    "the time zone is a path": {"time_zone": "../../etc/passwd"},
    "it repeats by the month": {"repeats": {"every": "month"}},
}


@pytest.mark.parametrize("case", WRONG)
async def test_no_window_where(manager: AsyncClient, case: str) -> None:
    answer = await manager.post(f"{BASE}/maintenance-windows", json=PATCHES | WRONG[case])
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")


async def test_only_managers_change_it_and_reporters_read_services(service: RunningService) -> None:
    agent, reporter = service.client("responder"), service.client("reporter")
    assert (await agent.post(f"{BASE}/services", json=CHECKOUT)).status_code == 403
    await service.client("incident_manager").post(f"{BASE}/services", json=CHECKOUT)
    read = await agent.get(f"{BASE}/services/checkout")
    assert {a["reason"] for a in read.json()["actions"]} == {"this needs the role incident_manager"}
    assert (await reporter.get(f"{BASE}/services/checkout")).status_code == 200
    assert (await reporter.get(f"{BASE}/items")).status_code == 403


async def test_what_is_known_is_asked_in_the_process(
    service: RunningService, manager: AsyncClient
) -> None:
    catalogue: Catalogue = service.service.parts[CATALOGUE]
    at = datetime(2026, 11, 29, 2, tzinfo=UTC)
    assert (await catalogue.present()).maintenance(at, service="checkout") is None
    await manager.post(f"{BASE}/services", json=CHECKOUT)
    added = await manager.post(f"{BASE}/maintenance-windows", json=PATCHES)
    present = await catalogue.present()
    assert present.criticality("checkout") is Criticality.CRITICAL
    assert present.criticality("unheard-of") is None
    found = present.maintenance(at, service="checkout")
    assert found is not None
    assert str(found.id) == added.json()["id"]
    await manager.post(f"{added.headers['location']}/retire")
    assert (await catalogue.present()).maintenance(at, item="db-1") is None


async def test_the_feed_tells_of_services(service: RunningService, manager: AsyncClient) -> None:
    await manager.post(f"{BASE}/services", json=CHECKOUT)
    await manager.post(f"{BASE}/services/checkout/retire")
    facts = (await service.client("service").get("/v1/incident/feed")).json()
    assert [f["type"] for f in facts] == [
        "tocsin.catalogue.service_set.v1",
        "tocsin.catalogue.service_retired.v1",
    ]
    told = facts[0]["data"]
    assert (told["key"], told["criticality"], told["owning_team"]) == (
        "checkout", "critical", "payments",
    )  # fmt: skip
    assert facts[1]["data"] == {"key": "checkout"}


async def test_a_rebuild_finds_nothing_to_change(
    service: RunningService, manager: AsyncClient
) -> None:
    await manager.post(f"{BASE}/services", json=CHECKOUT)
    await manager.post(f"{BASE}/items", json={"key": "db-1", "name": "Data"})
    await manager.post(f"{BASE}/maintenance-windows", json=PATCHES)
    await manager.post(f"{BASE}/items/db-1/retire")
    rebuilt = await rebuilt_models(DEFINITION, service.settings, keep=False)
    assert set(rebuilt.differences.values()) == {0}
    assert rebuilt.differences["catalogue_entries"] == 0
    assert rebuilt.rows == 4
