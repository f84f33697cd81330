"""Regulators' clocks over HTTP: recorded, explained, read as of any moment, kept to who may."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.incident.policies import from_notifications
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.clock import new_id, now
from shared.follower import Fact
from shared.work import Work
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.until import until


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


async def declared(service: RunningService) -> tuple[AsyncClient, str]:
    client = service.client(Role.MAJOR_INCIDENT_MANAGER)
    answer = await service.client(Role.RESPONDER).post("/v1/incidents", json={"title": "Leak"})
    return client, f"/v1/incidents/{answer.json()['id']}"


async def record(client: AsyncClient, path: str, origin: str, **told: Any) -> dict[str, Any]:
    answer = await client.post(f"{path}/record-regulatory", json={"origin": origin, **told})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(client: AsyncClient, path: str, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"{path}/regulatory{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of(told: dict[str, Any], regime: str, report: str) -> dict[str, Any]:
    found = [d for d in told["deadlines"] if (d["regime"], d["report"]) == (regime, report)]
    assert len(found) == 1
    return dict(found[0])


async def test_nothing_recorded_nothing_due(service: RunningService) -> None:
    client, path = await declared(service)
    told = await read(client, path)
    assert (told["deadlines"], told["records"], told["policy_version"]) == ([], [], 1)


async def test_each_deadline_names_the_events_it_rests_on(service: RunningService) -> None:
    client, path = await declared(service)
    aware, classified = now() - timedelta(hours=30), now() - timedelta(hours=1)
    await record(client, path, "aware", at=aware.isoformat())
    await record(client, path, "classified", at=classified.isoformat(), note="By the board")
    initial = of(await read(client, path), "dora", "initial")
    events = (await client.get(f"{path}/events")).json()["items"]
    by_origin = {e["data"]["fact"]: e["id"] for e in events if "fact" in e["data"]}
    late, own, *_ = initial["because"]
    assert late["event"] == by_origin["aware"]
    assert own["event"] == by_origin["classified"]
    assert initial["state"] == "running"
    timeline = (await client.get(f"{path}/timeline")).json()["items"]
    entry = next(each for each in timeline if each["id"] == by_origin["classified"])
    assert entry["title"].startswith("For regulators: Classified as major at ")
    assert entry["detail"] == "By the board"


async def test_they_stand_beside_the_clocks_of_service_levels(service: RunningService) -> None:
    client, path = await declared(service)
    assert (await client.get(f"{path}/clocks")).json()["regulatory"] == []
    await record(client, path, "aware")
    beside = (await client.get(f"{path}/clocks")).json()["regulatory"]
    told = (await read(client, path))["deadlines"]
    assert [each["due_at"] for each in beside] == [each["due_at"] for each in told]


async def test_the_past_is_as_it_was_known(service: RunningService) -> None:
    client, path = await declared(service)
    at = now() - timedelta(hours=2)
    first = await record(client, path, "aware", at=at.isoformat())
    await record(client, path, "aware", at=(at - timedelta(hours=5)).isoformat(), replaces=1)
    then = await read(client, path, f"?as_of={first['position']}")
    assert [each["replaced_by"] for each in then["records"]] == [None]
    warning = of(then, "nis2", "early_warning")
    assert warning["due_at"] == (at + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
    today = await read(client, path)
    assert [each["replaced_by"] for each in today["records"]] == [2, None]
    earlier = of(today, "nis2", "early_warning")["due_at"]
    assert earlier < warning["due_at"]
    before = (at - timedelta(hours=9)).isoformat().replace("+00:00", "Z")
    in_the_world = await read(client, path, f"?effective_at={before}")
    assert of(in_the_world, "nis2", "early_warning")["state"] == "awaiting"


async def test_a_report_submitted_late_says_so_and_the_next_one_runs(
    service: RunningService,
) -> None:
    client, path = await declared(service)
    begin = now() - timedelta(days=9)
    await record(client, path, "aware", at=begin.isoformat())
    late = {"regime": "nis2", "report": "notification", "reference": "CSIRT-7"}
    await record(client, path, "report_submitted", **late)
    told = await read(client, path)
    assert of(told, "nis2", "early_warning")["state"] == "overdue"
    notification = of(told, "nis2", "notification")
    assert notification["state"] == "submitted_late"
    assert notification["submitted"] == told["records"][1]["event"]
    assert of(told, "nis2", "final")["state"] == "running"


async def test_the_machine_states_what_is_overdue_once_and_leaves_the_version(
    service: RunningService,
) -> None:
    client, path = await declared(service)
    done = await record(client, path, "aware", at=(now() - timedelta(days=2)).isoformat())

    async def is_overdue() -> bool:
        return of(await read(client, path), "nis2", "early_warning")["overdue"] is not None

    await until(is_overdue)
    await record(client, path, "personal_data_affected")
    timeline = (await client.get(f"{path}/timeline?limit=200")).json()["items"]
    overdue = [each for each in timeline if each["kind"] == "incident.regulatory_overdue"]
    assert [each["actor"] for each in overdue] == ["system:regulators"]
    assert "early_warning of nis2 is overdue" in overdue[0]["title"]
    assert (await client.get(path)).json()["version"] == done["version"] + 1


async def test_who_was_told_of_an_overdue_report_is_named_with_it(service: RunningService) -> None:
    client, path = await declared(service)
    await record(client, path, "aware", at=(now() - timedelta(days=2)).isoformat())

    async def overdue() -> str | None:
        found: str | None = of(await read(client, path), "nis2", "early_warning")["overdue"]
        return found

    async def is_overdue() -> bool:
        return await overdue() is not None

    await until(is_overdue)
    about = {"about": path.rsplit("/", 1)[-1], "fact": "incident.regulatory_overdue"}
    for person, cause in (("cora", await overdue()), ("eve", str(new_id()))):
        await delivered(service, **about, person=person, cause=cause)
    told = of(await read(client, path), "nis2", "early_warning")["told"]
    assert [(each["recipient"], each["outcome"]) for each in told] == [("cora", "delivered")]
    assert of(await read(client, path), "nis2", "notification")["told"] == []


async def delivered(service: RunningService, **data: Any) -> None:
    """The notification service tells that somebody was told."""
    store, at = service.service.store, now()
    fact = Fact(
        id=new_id(),
        type="tocsin.notification.delivered.v1",
        subject=new_id(),
        time=at,
        position=1,
        actor="system:sender",
        correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode({"at": at, "channel": "email"} | data)),
    )
    work = Work(store, "system:follower")
    await from_notifications(store)[fact.type](fact, work)
    await work.append()


async def test_another_policy_speaks_of_the_clocks_that_run(databases: Databases) -> None:
    async with started("incident", databases) as service:
        client, path = await declared(service)
        manager = service.client(Role.INCIDENT_MANAGER)
        await record(client, path, "aware")
        place = "/v1/incident/policies/regulators"
        document = (await manager.get(place)).json()["document"]
        document["regimes"] = [r for r in document["regimes"] if r["name"] == "nis2"]
        assert (await manager.put(place, json=document)).status_code == 200
        told = await read(client, path)
        assert {each["regime"] for each in told["deadlines"]} == {"nis2"}
        assert told["policy_version"] == 2
        refused = await client.post(
            f"{path}/record-regulatory", json={"origin": "aware", "regime": "dora"}
        )
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refused")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"regimes": [{"calendar": "moon"}]}, "/regimes/0/calendar"),
        ({"reports": [{"within": {"after": "aware"}}]}, "/regimes/0/reports/0/within"),
        (
            {"reports": [{"within": {"after": "first_report", "report": "b", "hours": 1}}]},
            "/regimes/0/reports/0/within/report",
        ),
        ({"reports": [{}, {}]}, "/regimes/0/reports/1/name"),
        ({"regimes": [{}, {}]}, "/regimes/1/name"),
        ({"hours": ["25:00-26:00"]}, "/calendars/office/hours/monday/0"),
        (
            {"reports": [{"within": {"after": "aware", "months": 61}}]},
            "/regimes/0/reports/0/within",
        ),
    ],
)
async def test_a_policy_that_cannot_be_meant_is_not_stored(
    service: RunningService, change: dict[str, Any], pointer: str
) -> None:
    report = {"name": "a", "within": {"after": "aware", "hours": 1}}
    regime = {
        "name": "nis2",
        "calendar": "office",
        "reports": [report | each for each in change.get("reports", [{}])],
    }
    document = {
        "calendars": {"office": {"hours": {"monday": change.get("hours", ["09:00-17:00"])}}},
        "regimes": [regime | each for each in change.get("regimes", [{}])],
    }
    manager = service.client(Role.INCIDENT_MANAGER)
    answer = await manager.put("/v1/incident/policies/regulators", json=document)
    assert answer.status_code == 422, answer.text
    assert any(each["pointer"].startswith(pointer) for each in answer.json()["errors"])


async def test_a_restricted_one_is_not_there_for_others(service: RunningService) -> None:
    client, path = await declared(service)
    await record(client, path, "aware")
    manager = service.client(Role.INCIDENT_MANAGER)
    assert (await manager.post(f"{path}/restrict", json={"reason": "Legal"})).status_code == 200
    other = service.client(Role.RESPONDER, subject="eve")
    assert (await other.get(f"{path}/regulatory")).status_code == 404
    assert (await client.get(f"{path}/regulatory")).status_code == 404
    auditor = service.client(Role.AUDITOR)
    assert (await auditor.get(f"{path}/regulatory")).status_code == 200
