"""PagerDuty's Events API v2 as its clients meet it: keys, repeats, ends, and its own failures."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.client import AsyncClient, Response
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

PATH = "/v2/enqueue"


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
async def key(service: RunningService) -> str:
    """A routing key of the test's own, of the form that PagerDuty's clients expect."""
    return await new_key(service)


@pytest.fixture
def people(service: RunningService) -> AsyncClient:
    return service.client("responder")


async def new_key(service: RunningService, **wanted: Any) -> str:
    told = {"name": "Checkout", "roles": ["service"], "short": True} | wanted
    made = await service.client("admin").post("/v1/api-keys", json=told)
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


def event(key: str, action: str = "trigger", **more: Any) -> dict[str, Any]:
    payload = {"summary": "The disk of db-1 is full", "source": "db-1", "severity": "critical"}
    told = {"routing_key": key, "event_action": action, "dedup_key": "disk"}
    return told | ({"payload": payload} if action == "trigger" else {}) | more


async def send(
    service: RunningService, body: Any, path: str = PATH, **headers: str
) -> dict[str, Any]:
    answer = await service.client(None).post(path, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(service: RunningService, body: Any, path: str = PATH) -> Response:
    return await service.client(None).post(path, json=body)


async def incidents(people: AsyncClient, service: RunningService, key: str) -> list[dict[str, Any]]:
    """Those that this key's events have led to, oldest first."""
    caller = await caller_of(service, key)
    found = await people.get("/v1/incidents", params={"sort": "created_at", "limit": 200})
    items = [await people.get(f"/v1/incidents/{item['id']}") for item in found.json()["items"]]
    return [i.json() for i in items if i.json()["reporter"]["id"] == caller]


async def caller_of(service: RunningService, key: str) -> str:
    return (await service.service.authenticator.authenticate_key(key)).id


async def test_a_trigger_declares_an_incident_once(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    answer = await send(service, event(key))
    await send(service, event(key))
    assert answer == {"status": "success", "message": "Event processed", "dedup_key": "disk"}
    (incident,) = await incidents(people, service, key)
    assert incident["title"] == "The disk of db-1 is full"
    assert (incident["source"], incident["status"], incident["priority"]) == ("pagerduty", "new", 2)
    assert incident["labels"]["source"] == "db-1"


async def test_what_somebody_acknowledged_is_only_mitigated_by_the_end_of_its_alert(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    await send(service, event(key))
    await send(service, event(key, "acknowledge"))
    (incident,) = await incidents(people, service, key)
    assert incident["status"] == "in_progress"
    assert incident["milestones"]["acknowledged"]
    await send(service, event(key, "resolve"))
    (incident,) = await incidents(people, service, key)
    assert incident["status"] == "in_progress"
    assert incident["milestones"]["mitigated"]


async def test_what_nobody_acknowledged_resolves_with_its_alert_and_reopens_with_it(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    for _ in range(2):
        await send(service, event(key))
        await send(service, event(key, "resolve"))
        await send(service, event(key, "resolve"))
    (incident,) = await incidents(people, service, key)
    assert (incident["reopen_count"], incident["status"]) == (1, "resolved")


async def test_without_a_key_each_event_is_an_alert_of_its_own(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    answers = [await send(service, event(key, dedup_key=None)) for _ in range(2)]
    assert len({answer["dedup_key"] for answer in answers}) == 2
    assert len(await incidents(people, service, key)) == 2


async def test_a_key_belongs_to_its_routing_key(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    other = await new_key(service)
    await send(service, event(key))
    await send(service, event(other, "resolve"))
    (incident,) = await incidents(people, service, key)
    assert incident["status"] == "new"
    assert await incidents(people, service, other) == []


async def test_peers_that_tell_at_once_declare_one(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    await asyncio.gather(*(send(service, event(key)) for _ in range(30)))
    assert len(await incidents(people, service, key)) == 1


async def test_an_end_before_its_beginning_and_an_acknowledgement_of_nothing(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    await send(service, event(key, "resolve"))
    await send(service, event(key, "acknowledge"))
    assert await incidents(people, service, key) == []
    await send(service, event(key))
    (incident,) = await incidents(people, service, key)
    assert incident["status"] == "new"


async def test_the_same_event_in_other_words_is_kept_and_repeats_are_not(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    worse = event(key)["payload"] | {"custom_details": {"free": "0 %"}}
    for body in (event(key), event(key, payload=worse), event(key, payload=worse), event(key)):
        await send(service, body)
    (incident,) = await incidents(people, service, key)
    told = (await people.get(f"/v1/incidents/{incident['id']}/events")).json()["items"]
    kinds = [each["type"] for each in told]
    assert kinds == ["incident.declared", "incident.alerts_attached", "incident.alerts_attached"]


async def test_an_endless_row_of_other_words_ends(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    payload = event(key)["payload"]
    for n in range(130):
        await send(service, event(key, payload=payload | {"summary": f"Latency {n} ms"}))
    (incident,) = await incidents(people, service, key)
    page = await people.get(f"/v1/incidents/{incident['id']}/events", params={"limit": 200})
    assert len(page.json()["items"]) <= 110


async def test_times_count_where_they_fit_the_order_of_arrival(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    payload = event(key)["payload"] | {"timestamp": "2026-03-01T10:00:00.123456789+0100"}
    await send(service, event(key, payload=payload))
    ended = {"timestamp": "2026-03-01T09:30:00Z"}
    await send(service, event(key, "resolve", payload=ended))
    (incident,) = await incidents(people, service, key)
    assert incident["milestones"]["started"] == "2026-03-01T09:00:00.123456Z"
    assert incident["milestones"]["mitigated"] == "2026-03-01T09:30:00Z"
    await send(service, event(key, payload=payload))  # long after that end, so it is another one
    ended_one, new_one = await incidents(people, service, key)
    assert (ended_one["status"], new_one["status"]) == ("resolved", "new")
    assert new_one["labels"]["previous-incident"] == ended_one["number"]


@pytest.mark.parametrize("stated", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "", None])
async def test_a_time_far_off_is_no_time(
    service: RunningService, people: AsyncClient, key: str, stated: str | None
) -> None:
    payload = event(key)["payload"] | {"timestamp": stated}
    await send(service, event(key, payload=payload))
    (incident,) = await incidents(people, service, key)
    assert incident["milestones"]["started"] is None


async def test_everything_that_was_sent_is_kept(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    more: dict[str, Any] = {
        "client": "Monitor",
        "client_url": "https://monitor.example",
        "links": [{"href": "https://runbook.example", "text": "Runbook"}],
        "images": [{"src": "https://graph.example/1.png"}],
        "new_field": {"of": "theirs"},
    }
    details = {"free": "0 %", "tries": 3, "deep": {"x": [1]}, "long": "q" * 10_000, "": "nameless"}
    payload = event(key)["payload"] | {
        "component": "disk", "group": "storage", "class": "capacity", "region": "north",
        "custom_details": details,
    }  # fmt: skip
    await send(service, event(key, payload=payload, **more))
    (incident,) = await incidents(people, service, key)
    page = (await people.get(f"/v1/incidents/{incident['id']}/alerts")).json()
    alert = page["items"][0]
    assert alert["more"]["custom_details"] == details
    assert alert["more"]["payload"] == {"region": "north"}
    assert alert["more"]["new_field"] == {"of": "theirs"}
    assert (alert["more"]["links"], alert["more"]["images"]) == (more["links"], more["images"])
    assert (alert["generator_url"], alert["more"]["client"]) == (more["client_url"], "Monitor")
    labels = {"component": "disk", "group": "storage", "class": "capacity", "tries": "3"}
    assert labels.items() <= alert["labels"].items()
    found = await rows(
        service.database, "select count(*) from events where position($1 in state::text) > 0", key
    )
    assert found[0][0] == 0


async def test_rules_see_every_field_and_the_name_of_the_key(
    service: RunningService, people: AsyncClient
) -> None:
    rules = [
        {
            "match": [
                {"label": "class", "equals": "capacity"},
                {"label": "integration", "equals": "Storage team"},
                {"label": "sender", "equals": "pagerduty"},
            ],
            "service": "storage",
            "impact": 1,
            "urgency": 1,
        }
    ]
    manager = service.client("incident_manager")
    path = "/v1/incident/policies/alert-rules"
    assert (await manager.put(path, json={"rules": rules})).status_code == 200
    key = await new_key(service, name="Storage team")
    payload = event(key)["payload"] | {"class": "capacity"}
    await send(service, event(key, payload=payload))
    (incident,) = await incidents(people, service, key)
    assert (incident["service"], incident["priority"]) == ("storage", 1)
    await manager.put(path, json={})


async def test_the_key_in_the_address(
    service: RunningService, people: AsyncClient, key: str
) -> None:
    path = f"/v1/alerts/by-key/{key}/v2/enqueue"
    body = event("R0UTINGKEY")
    assert (await send(service, body, path))["dedup_key"] == "disk"
    assert len(await incidents(people, service, key)) == 1
    wrong = await refused(service, body, "/v1/alerts/by-key/nothing/v2/enqueue")
    assert wrong.status_code == 400
    assert wrong.json()["errors"] == ["Invalid routing key"]


async def test_a_repeated_request_is_answered_alike(service: RunningService, key: str) -> None:
    body = event(key, dedup_key=None)
    first, again = [await send(service, body, **{"idempotency-key": key}) for _ in range(2)]
    assert first == again


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"payload": None}, "payload"),
        ({"payload": {"source": "db", "severity": "critical"}}, "'payload.summary' is missing"),
        ({"payload": {"summary": " ", "source": "db", "severity": "info"}}, "payload.summary"),
        ({"payload": {"summary": "x", "source": "db", "severity": "bad"}}, "payload.severity"),
        ({"event_action": "explode"}, "'event_action' must be one of 'trigger', "),
        ({"event_action": None}, "event_action"),
        ({"event_action": "resolve", "dedup_key": None}, "dedup_key"),
        ({"dedup_key": "x" * 256}, "dedup_key"),
        ({"links": "none"}, "links"),
        ({"routing_key": "0" * 32}, "Invalid routing key"),
        ({"routing_key": None}, "Invalid routing key"),
        ({"routing_key": 7}, "Invalid routing key"),
    ],
)
async def test_what_is_wrong_is_told_as_pagerduty_tells_it(
    service: RunningService, key: str, change: dict[str, Any], error: str
) -> None:
    answer = await refused(service, event(key) | change)
    assert answer.status_code == 400
    told = answer.json()
    assert (told["status"], told["message"]) == ("invalid event", "Event object is invalid")
    assert error in told["errors"][0]


async def test_an_event_names_its_action(service: RunningService, key: str) -> None:
    answer = await refused(service, {"routing_key": key})
    assert answer.json()["errors"] == ["'event_action' is missing or blank"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 5_000])
async def test_what_is_no_event_at_all(service: RunningService, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await service.client(None).post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")


async def test_an_event_may_have_512_kilobytes(service: RunningService, key: str) -> None:
    payload = event(key)["payload"]
    fits = event(key, payload=payload | {"custom_details": {"log": "x" * 500_000}})
    await send(service, fits)
    large = event(key, payload=payload | {"custom_details": {"log": "x" * 530_000}})
    answer = await refused(service, large)
    assert (answer.status_code, answer.json()["status"]) == (413, "invalid event")


async def test_only_a_key_for_services_is_a_routing_key(service: RunningService) -> None:
    reader = await new_key(service, roles=["auditor"], short=False)
    answer = await refused(service, event(reader))
    assert answer.json()["errors"] == ["Invalid routing key"]
    long = await new_key(service, short=False)
    assert (await send(service, event(long)))["status"] == "success"


async def test_a_short_key_has_the_length_of_a_routing_key(key: str) -> None:
    assert len(key) == 32


async def test_a_short_key_opens_nothing_else(service: RunningService, key: str) -> None:
    await send(service, event(key))
    for header in (f"Bearer {key}", f"Key {key}", f"key {key}"):
        answer = await service.client(None).get("/v1/incidents", headers={"authorization": header})
        assert answer.status_code == 401
    wide = {"name": "Wide", "roles": ["service", "auditor"], "short": True}
    made = await service.client("admin").post("/v1/api-keys", json=wide)
    assert made.status_code == 422


async def test_a_short_key_told_again_and_revoked(service: RunningService) -> None:
    admin = service.client("admin")
    told = {"name": "Again", "roles": ["service"], "short": True}
    headers = {"idempotency-key": "short-again"}
    first, again = [
        (await admin.post("/v1/api-keys", json=told, headers=headers)).json() for _ in range(2)
    ]
    assert first == again
    await send(service, event(first["key"]))
    assert (await admin.delete(f"/v1/api-keys/{first['id']}")).status_code == 200
    assert (await refused(service, event(first["key"]))).status_code == 400
