"""Alerts from the webhook to the incident: once, however often and by how many it is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.client import AsyncClient
from tests.incident.alerts.monitor import PATH, captured, ended, firing, kept, webhook
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

RULES = "/v1/incident/policies/alert-rules"


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture(scope="module")
async def second(service: RunningService, databases: Databases) -> AsyncIterator[RunningService]:
    """Another worker on the same database."""
    async with started("incident", databases, beside=service) as running:
        yield running


@pytest.fixture
def monitor(service: RunningService) -> AsyncClient:
    return service.client("service")


@pytest.fixture
def people(service: RunningService) -> AsyncClient:
    return service.client("responder")


@pytest.fixture
def group(request: pytest.FixtureRequest) -> str:
    """A group of the test's own."""
    return str(request.node.name)


async def tell(monitor: AsyncClient, group: str, *alerts: dict[str, Any]) -> dict[str, Any]:
    answer = await monitor.post(PATH, json=webhook(*alerts, group=group))
    assert answer.status_code == 200, answer.text
    assert answer.headers["tocsin-position"] == str(answer.json()["position"])
    taken: dict[str, Any] = answer.json()
    return taken


async def incident(people: AsyncClient, taken: dict[str, Any]) -> dict[str, Any]:
    answer = await people.get(f"/v1/incidents/{taken['number']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def kinds(people: AsyncClient, taken: dict[str, Any]) -> list[str]:
    page = await people.get(f"/v1/incidents/{taken['number']}/events")
    return [event["type"] for event in page.json()["items"]]


async def test_a_firing_alert_declares_an_incident(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    taken = await tell(monitor, group, firing(team="red"))
    assert (taken["outcome"], taken["declared"], taken["attached"]) == ("declared", 1, 1)
    shown = await incident(people, taken)
    assert shown["title"] == "Checkout answers with errors"
    assert (shown["service"], shown["source"], shown["status"]) == (
        "checkout",
        "alertmanager",
        "new",
    )
    assert (shown["impact"], shown["urgency"], shown["priority"]) == (2, 1, 2)
    assert shown["labels"]["team"] == "red"
    assert shown["reporter"]["id"] == "demo-service"
    assert shown["milestones"]["started"] == kept(0)


async def test_what_was_told_before_changes_nothing(
    service: RunningService, monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    first = await tell(monitor, group, firing())
    again = await tell(monitor, group, firing())
    assert (again["outcome"], again["duplicates"]) == ("duplicate", 1)
    assert again["incident"] == first["incident"]
    assert again["position"] == first["position"]
    assert await kinds(people, first) == ["incident.declared", "incident.alerts_attached"]


async def test_new_alerts_of_a_group_attach_to_its_incident(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    first = await tell(monitor, group, firing())
    second = await tell(monitor, group, firing(), firing(1, "f2"))
    assert (second["outcome"], second["attached"], second["duplicates"]) == ("attached", 1, 1)
    assert second["incident"] == first["incident"]
    assert (await incident(people, first))["version"] == 1


async def test_recovery_of_all_alerts_resolves_what_nobody_has_acknowledged(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    taken = await tell(monitor, group, firing(), firing(1, "f2"))
    partly = await tell(monitor, group, ended(0, 5), firing(1, "f2"))
    assert partly["status"] == "new"
    wholly = await tell(monitor, group, ended(1, 8, "f2"))
    assert wholly["status"] == "resolved"
    shown = await incident(people, taken)
    assert shown["resolution_code"] == "self_recovered"
    assert shown["milestones"]["mitigated"] == kept(8)


async def test_recovery_only_mitigates_what_somebody_has_acknowledged(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    taken = await tell(monitor, group, firing())
    await people.post(f"/v1/incidents/{taken['number']}/acknowledge")
    recovered = await tell(monitor, group, ended())
    assert recovered["status"] == "in_progress"
    shown = await incident(people, taken)
    assert shown["milestones"]["mitigated"] == kept(5)
    assert shown["milestones"]["resolved"] is None


async def test_an_end_without_a_beginning_declares_nothing_and_is_on_record(
    service: RunningService, monitor: AsyncClient, group: str
) -> None:
    taken = await tell(monitor, group, ended())
    assert (taken["outcome"], taken["incident"], taken["declared"]) == ("heard", None, 0)
    found = await rows(
        service.database,
        "select topic, convert_from(state, 'UTF8') from events where position = $1",
        taken["position"],
    )
    assert found[0][0] == "alert_group.heard"
    assert group in found[0][1]
    assert (await tell(monitor, group, ended()))["outcome"] == "duplicate"


async def test_firing_again_within_the_window_reopens(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    first = await tell(monitor, group, firing())
    await tell(monitor, group, ended(0, 5))
    again = await tell(monitor, group, firing(34))
    assert (again["outcome"], again["incident"]) == ("reopened", first["incident"])
    assert (await incident(people, first))["reopen_count"] == 1
    assert (await tell(monitor, group, ended(34, 40)))["status"] == "resolved"


async def test_firing_again_after_the_window_declares_a_new_one_that_names_the_old(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    first = await tell(monitor, group, firing())
    await tell(monitor, group, ended(0, 5))
    again = await tell(monitor, group, firing(36))
    assert again["outcome"] == "declared"
    assert again["incident"] != first["incident"]
    assert (await incident(people, again))["labels"]["previous-incident"] == first["number"]


async def test_a_late_echo_of_a_peer_does_not_reopen_but_firing_on_after_it_does(
    service: RunningService, monitor: AsyncClient, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(monitor, group, firing())
    await tell(monitor, group, ended(0, 5))
    assert (await tell(monitor, group, firing()))["outcome"] == "duplicate"
    later = service.service.store.clock() + timedelta(minutes=11)
    monkeypatch.setattr(service.service.store, "clock", lambda: later)
    assert (await tell(monitor, group, firing()))["outcome"] in {"reopened", "declared"}


async def test_peers_and_workers_that_tell_at_once_declare_one(
    service: RunningService, second: RunningService, people: AsyncClient, group: str
) -> None:
    peers = [service.client("service"), second.client("service")]
    told = [
        tell(peers[n % 2], group, *(firing(0, f"f{i}") for i in range(n % 3 + 1)))
        for n in range(40)
    ]
    answers = await asyncio.gather(*told)
    assert sum(answer["declared"] for answer in answers) == 1
    assert len({answer["incident"] for answer in answers}) == 1
    assert sum(answer["attached"] for answer in answers) == 3


async def test_five_thousand_alerts_in_one_body(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    many = [firing(0, f"f{n}", instance=f"host-{n}", padding="x" * 500) for n in range(5_000)]
    taken = await tell(monitor, group, *many)
    assert taken["attached"] == 5_000
    assert (await tell(monitor, group, *many))["duplicates"] == 5_000
    path = f"/v1/incidents/{taken['number']}/alerts"
    page = (await people.get(path, params={"limit": 200})).json()
    assert len(page["items"]) == 200
    assert page["total_estimate"] >= 1_000


async def test_long_labels_and_unknown_fields_are_kept(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    alert = firing(0, "f1", query="q" * 10_000) | {"silenceURL": "http://monitor.example/s"}
    taken = await tell(monitor, group, alert)
    page = (await people.get(f"/v1/incidents/{taken['number']}/alerts")).json()
    stored = page["items"][0]
    assert stored["labels"]["query"] == "q" * 10_000
    assert stored["more"] == {"silenceURL": "http://monitor.example/s"}
    assert "ends_at" not in stored
    assert stored["starts_at"] == kept(0)


async def test_the_timeline_tells_of_the_alerts(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    taken = await tell(monitor, group, firing())
    page = (await people.get(f"/v1/incidents/{taken['number']}/timeline")).json()
    assert [entry["title"] for entry in page["items"]] == [
        "Declared: Checkout answers with errors",
        "Alerts: 1 firing, 0 ended",
    ]


async def test_the_same_idempotency_key_answers_alike(monitor: AsyncClient, group: str) -> None:
    headers = {"idempotency-key": group}
    body = webhook(firing(), group=group)
    first, again = [await monitor.post(PATH, json=body, headers=headers) for _ in range(2)]
    assert first.json()["outcome"] == "declared"
    assert again.json() == first.json()
    other = await monitor.post(PATH, json=webhook(firing(), group="else"), headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/key-reused"


async def test_rules_map_labels_to_fields(
    service: RunningService, people: AsyncClient, group: str
) -> None:
    rule = {
        "match": [{"label": "instance", "matches": "db-[0-9]+|cache-.*"}],
        "service": "storage",
        "category": "database",
        "impact": 1,
        "urgency": 2,
        "group": "dba",
    }
    await _with_rules(service, {"rules": [rule], "resolve_when_unacknowledged": False})
    monitor = service.client("service")
    taken = await tell(monitor, group, firing(0, "f1", instance="db-17"))
    shown = await incident(people, taken)
    told = [shown[name] for name in ("service", "category", "group", "priority")]
    assert told == ["storage", "database", "dba", 2]
    assert (await tell(monitor, group, ended()))["status"] == "new"
    await _with_rules(service, {})


async def _with_rules(service: RunningService, document: dict[str, Any]) -> None:
    manager = service.client("incident_manager")
    answer = await manager.put(RULES, json=document)
    assert answer.status_code == 200, answer.text


async def test_an_api_key_in_the_address(service: RunningService, group: str) -> None:
    made = await service.client("admin").post(
        "/v1/api-keys", json={"name": "Alertmanager", "roles": ["service"]}
    )
    nobody = service.client(None)
    address = f"/v1/alerts/by-key/{made.json()['key']}/alertmanager"
    headers = {"idempotency-key": group}
    answer = await nobody.post(address, json=webhook(firing(), group=group), headers=headers)
    assert answer.json()["outcome"] == "declared"
    used = await rows(service.database, "select scope from idempotency where key = $1", group)
    assert made.json()["key"] not in used[0][0]
    wrong = await nobody.post("/v1/alerts/by-key/tocsin_x/alertmanager", json=webhook())
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"receiver": "r", "groupKey": "g"}, "/alerts"),
        (webhook(firing() | {"status": "pending"}), "/alerts/0/status"),
        (webhook(firing() | {"startsAt": "yesterday"}), "/alerts/0/startsAt"),
        (webhook(firing() | {"labels": {"n": 1}}), "/alerts/0/labels/n"),
    ],
)
async def test_what_is_no_webhook_is_refused_with_the_place(
    monitor: AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await monitor.post(PATH, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("role", ["responder", "reporter", "auditor", "incident_manager"])
async def test_only_services_tell_of_alerts(service: RunningService, role: str) -> None:
    answer = await service.client(role).post(PATH, json=webhook(firing()))
    assert answer.status_code == 403


async def test_what_a_real_alertmanager_sent(monitor: AsyncClient, people: AsyncClient) -> None:
    begin, end = captured("alertmanager_webhook_firing"), captured("alertmanager_webhook_resolved")
    declared = (await monitor.post(PATH, json=begin)).json()
    assert declared["outcome"] == "declared"
    shown = await incident(people, declared)
    assert shown["title"] == "primary database down"
    assert shown["milestones"]["started"] == "2026-11-22T00:36:19.542943Z"
    assert (await monitor.post(PATH, json=begin)).json()["outcome"] == "duplicate"
    resolved = (await monitor.post(PATH, json=end)).json()
    assert (resolved["incident"], resolved["status"]) == (declared["incident"], "resolved")


async def test_the_key_in_the_address_is_told_to_nobody(
    service: RunningService, group: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither counters, nor log lines of a failure, nor the answers of unknown addresses."""
    made = await service.client("admin").post(
        "/v1/api-keys", json={"name": "Alertmanager", "roles": ["service"]}
    )
    key = made.json()["key"]
    nobody, base = service.client(None), f"/v1/alerts/by-key/{key}"
    answers = [
        await nobody.post(f"{base}/alertmanager", json=webhook(firing(), group=group)),
        await nobody.post(f"{base}/alertmanager", json={}),
        await nobody.get(f"{base}/alertmanager"),
        await nobody.post(f"{base}/no-such-monitor", json={}),
    ]
    assert [a.status_code for a in answers] == [200, 422, 405, 404]
    metrics = (await service.client("admin").get("/metrics")).text
    said = "".join(a.text for a in answers) + metrics + "".join(capfd.readouterr())
    assert key not in said
    assert key.rsplit("_", maxsplit=1)[-1] not in said
