"""Opsgenie's Alert API as its clients meet it: aliases, requests to ask about, failures."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incident.alerts.senders.opsgenie_requests import Action, Outcome, Request, read
from shared.client import AsyncClient, Response
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

PATH = "/v2/alerts"


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture(scope="module")
async def key(service: RunningService) -> str:
    told = {"name": "Opsgenie", "roles": ["service"], "short": True}
    made = await service.client("admin").post("/v1/api-keys", json=told)
    return str(made.json()["key"])


@pytest.fixture
def monitor(service: RunningService, key: str) -> AsyncClient:
    client = service.client(None)
    client.headers["authorization"] = f"GenieKey {key}"
    return client


@pytest.fixture
def people(service: RunningService) -> AsyncClient:
    return service.client("responder")


@pytest.fixture
def alias(request: pytest.FixtureRequest) -> str:
    """An alias of the test's own."""
    return str(request.node.name)


async def send(monitor: AsyncClient, path: str, body: Any = None, **params: str) -> dict[str, Any]:
    """A request that is taken, and what became of it."""
    answer = await monitor.post(path, json=body, params=params)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["result"] == "Request will be processed"
    assert answer.headers["x-request-id"] == told["requestId"]
    assert isinstance(told["took"], float)
    return await became(monitor, told["requestId"])


async def became(monitor: AsyncClient, request: str) -> dict[str, Any]:
    answer = await monitor.get(f"{PATH}/requests/{request}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["requestId"] == request
    found: dict[str, Any] = answer.json()["data"]
    return found


def alert(alias: str, **more: Any) -> dict[str, Any]:
    return {"message": "The disk of db-1 is full", "alias": alias, "priority": "P1"} | more


async def incident_of(people: AsyncClient, found: dict[str, Any]) -> dict[str, Any]:
    ref = f"alert-group:{found['alertId']}"
    page = await people.get("/v1/incidents", params={"external_ref": ref})
    (item,) = page.json()["items"]
    shown: dict[str, Any] = (await people.get(f"/v1/incidents/{item['id']}")).json()
    return shown


async def told_of(people: AsyncClient, incident: dict[str, Any]) -> list[dict[str, Any]]:
    page = await people.get(f"/v1/incidents/{incident['id']}/timeline")
    entries: list[dict[str, Any]] = page.json()["items"]
    return entries


async def test_an_alert_that_is_created_declares_an_incident(
    monitor: AsyncClient, people: AsyncClient, alias: str
) -> None:
    created = await send(monitor, PATH, alert(alias, details={"service": "storage"}))
    told = (created["isSuccess"], created["action"], created["alias"])
    assert told == (True, "Create", alias)
    incident = await incident_of(people, created)
    assert incident["title"] == "The disk of db-1 is full"
    assert (incident["source"], incident["service"]) == ("opsgenie", "storage")
    assert incident["priority"] == 1


async def test_an_alert_that_is_acknowledged_by_its_alias_is_taken_up_with_the_note(
    monitor: AsyncClient, people: AsyncClient, alias: str
) -> None:
    created = await send(monitor, PATH, alert(alias))
    note = {"user": "Trinity", "note": "On it", "source": "phone"}
    told = await send(monitor, f"{PATH}/{alias}/acknowledge", note, identifierType="alias")
    assert (told["isSuccess"], told["alertId"]) == (True, created["alertId"])
    incident = await incident_of(people, created)
    assert incident["status"] == "in_progress"
    assert "Trinity: On it" in [entry["detail"] for entry in await told_of(people, incident)]


async def test_closing_what_somebody_acknowledged_only_mitigates_it(
    monitor: AsyncClient, people: AsyncClient, alias: str
) -> None:
    created = await send(monitor, PATH, alert(alias))
    await send(monitor, f"{PATH}/{alias}/acknowledge", {}, identifierType="alias")
    closed = await send(monitor, f"{PATH}/{created['alertId']}/close")
    assert (closed["isSuccess"], closed["action"]) == (True, "Close")
    incident = await incident_of(people, created)
    assert incident["status"] == "in_progress"
    assert incident["milestones"]["mitigated"]


async def test_an_alias_tells_repeats_and_ends(
    monitor: AsyncClient, people: AsyncClient, alias: str
) -> None:
    created = await send(monitor, PATH, alert(alias))
    again = await send(monitor, PATH, alert(alias))
    assert again["alertId"] == created["alertId"]
    incident = await incident_of(people, created)
    assert incident["version"] == 1
    close = f"{PATH}/{alias}/close"
    await send(monitor, close, {"note": "Over"}, identifierType="alias")
    assert (await incident_of(people, created))["status"] == "resolved"
    await send(monitor, PATH, alert(alias))
    assert (await incident_of(people, created))["reopen_count"] == 1


async def test_without_an_alias_each_is_an_alert_of_its_own(monitor: AsyncClient) -> None:
    made = [await send(monitor, PATH, {"message": "Slow"}) for _ in range(2)]
    assert made[0]["alertId"] != made[1]["alertId"]


async def test_three_ways_to_name_an_alert(
    monitor: AsyncClient, people: AsyncClient, alias: str
) -> None:
    created = await send(monitor, PATH, alert(alias))
    number = str((await incident_of(people, created))["number"]).removeprefix("INC-")
    names = {"alias": alias, "id": created["alertId"], "tiny": number}
    for kind, name in names.items():
        noted = await send(monitor, f"{PATH}/{name}/notes", {"note": kind}, identifierType=kind)
        assert (noted["isSuccess"], noted["alertId"]) == (True, created["alertId"])
    entries = await told_of(people, await incident_of(people, created))
    assert [e["detail"] for e in entries if e["kind"] == "incident.noted"] == list(names)


async def test_an_alias_may_look_like_an_address(monitor: AsyncClient, people: AsyncClient) -> None:
    name = "/disk/close incidents?x=1#ü"
    created = await send(monitor, PATH, alert(name))
    path = f"{PATH}/%2Fdisk%2Fclose%20incidents%3Fx=1%23%C3%BC/acknowledge"
    done = await send(monitor, path, {}, identifierType="alias")
    assert (done["isSuccess"], done["alertId"]) == (True, created["alertId"])


async def test_the_alert_of_a_merged_incident_is_the_survivors(
    service: RunningService, monitor: AsyncClient, people: AsyncClient, alias: str
) -> None:
    created = await send(monitor, PATH, alert(alias))
    merged = await incident_of(people, created)
    survivor = (await people.post("/v1/incidents", json={"title": "The whole of it"})).json()
    manager = service.client("incident_manager")
    into = {"into": survivor["number"]}
    answer = await manager.post(f"/v1/incidents/{merged['id']}/merge", json=into)
    assert answer.status_code == 200, answer.text
    path = f"{PATH}/{alias}/acknowledge"
    done = await send(monitor, path, identifierType="alias")
    assert (done["isSuccess"], done["alertId"]) == (True, created["alertId"])
    shown = (await people.get(f"/v1/incidents/{survivor['id']}")).json()
    assert shown["status"] == "in_progress"


async def test_an_alert_can_be_read(monitor: AsyncClient, alias: str) -> None:
    created = await send(monitor, PATH, alert(alias, tags=["disk"], entity="db-1"))
    await send(monitor, PATH, alert(alias, tags=["disk"], entity="db-2"))
    answer = await monitor.get(f"{PATH}/{created['alertId']}")
    assert answer.status_code == 200
    found = answer.json()["data"]
    assert (found["alias"], found["entity"], found["count"]) == (alias, "db-2", 2)
    assert (found["status"], found["acknowledged"]) == ("open", False)
    await send(monitor, f"{PATH}/{alias}/close", identifierType="alias")
    by_alias = await monitor.get(f"{PATH}/{alias}", params={"identifierType": "alias"})
    assert by_alias.json()["data"]["status"] == "closed"
    failed(await monitor.get(f"{PATH}/nothing"), 404)
    failed(await monitor.get(f"{PATH}/nothing", params={"identifierType": "alias"}), 404)


@pytest.mark.parametrize("action", ["acknowledge", "close", "notes"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [("id", "nothing"), ("tiny", "999999999999"), ("id", "0b0e1a52-1f0a-4d0c-9a52-7d0e5c3e0f11")],
)
async def test_what_names_no_alert_is_taken_and_then_told(
    monitor: AsyncClient, action: str, kind: str, name: str
) -> None:
    found = await send(monitor, f"{PATH}/{name}/{action}", {"note": "x"}, identifierType=kind)
    assert (found["isSuccess"], found["status"]) == (False, "Alert does not exist")


async def test_what_the_state_forbids_is_taken_and_then_told(
    monitor: AsyncClient, alias: str
) -> None:
    await send(monitor, PATH, alert(alias))
    await send(monitor, f"{PATH}/{alias}/close", identifierType="alias")
    late = await send(monitor, f"{PATH}/{alias}/acknowledge", identifierType="alias")
    assert late["isSuccess"] is False
    assert late["action"] == "Acknowledge"


async def test_everything_that_was_sent_is_kept_and_people_are_sealed(
    service: RunningService, monitor: AsyncClient, people: AsyncClient, alias: str
) -> None:
    body = alert(
        alias,
        description="It grew over night",
        responders=[{"type": "team", "name": "Storage"}, {"type": "user", "username": "neo@x.org"}],
        visibleTo=[{"type": "team", "name": "All"}],
        actions=["Restart"],
        tags=["disk", "prod"],
        entity="db-1",
        source="probe",
        details={"long": "q" * 10_000, "n": 3, "deep": {"x": [1]}},
        user="Tank",
        note="Please look",
        new_field="theirs",
    )
    incident = await incident_of(people, await send(monitor, PATH, body))
    page = (await people.get(f"/v1/incidents/{incident['id']}/alerts")).json()
    told = page["items"][0]
    assert told["more"]["details"] == body["details"]
    assert told["more"]["responders"] == [{"type": "team", "name": "Storage"}]
    assert told["more"]["new_field"] == "theirs"
    labels = {"entity": "db-1", "tags": "disk,prod", "tag:disk": "true", "team": "Storage"}
    assert (labels | {"source": "probe", "n": "3", "priority": "P1"}).items() <= told[
        "labels"
    ].items()
    assert told["annotations"]["description"] == incident["description"] == "It grew over night"
    notes = [e["detail"] for e in await told_of(people, incident) if e["kind"] == "incident.noted"]
    assert notes == ["Tank: Please look\nAsks for neo@x.org"]
    stored = await rows(service.database, "select convert_from(state, 'UTF8') from events")
    assert not [row for row in stored if "neo@x.org" in row[0] or "Tank" in row[0]]


async def test_peers_and_a_repeated_request(
    service: RunningService, monitor: AsyncClient, alias: str
) -> None:
    headers = {"idempotency-key": alias}
    answers = [await monitor.post(PATH, json={"message": "x"}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert (await became(monitor, answers[0].json()["requestId"]))["isSuccess"]
    other = await monitor.post(PATH, json={"message": "y"}, headers=headers)
    assert other.status_code == 422


async def test_the_key_in_the_address(
    service: RunningService, people: AsyncClient, key: str, alias: str
) -> None:
    nobody, base = service.client(None), f"/v1/alerts/by-key/{key}"
    created = await nobody.post(f"{base}{PATH}", json=alert(alias))
    assert created.status_code == 202
    status = await nobody.get(f"{base}{PATH}/requests/{created.json()['requestId']}")
    assert status.json()["data"]["alias"] == alias
    wrong = await nobody.post(f"/v1/alerts/by-key/nothing{PATH}", json=alert(alias))
    assert wrong.status_code == 401


def failed(answer: Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    assert {"message", "took", "requestId"} <= told.keys()
    return told


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": " "}, "message"),
        ({"message": "x", "priority": "P9"}, "priority"),
        ({"message": "x", "tags": "one"}, "tags"),
        ({"message": "x", "details": []}, "details"),
        ({"message": "x", "alias": "a" * 513}, "alias"),
    ],
)
async def test_what_is_wrong_is_told_by_field(
    monitor: AsyncClient, body: dict[str, Any], field: str
) -> None:
    told = failed(await monitor.post(PATH, json=body), 422)
    assert told["message"] == "Request body is not processable. Please check the errors."
    assert field in told["errors"]


async def test_a_note_needs_its_text(monitor: AsyncClient, alias: str) -> None:
    params = {"identifierType": "alias"}
    told = failed(await monitor.post(f"{PATH}/{alias}/notes", json={}, params=params), 422)
    assert "note" in told["errors"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5_000])
async def test_what_is_no_json_is_400(monitor: AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    failed(await monitor.post(PATH, content=body, headers=headers), 400)


@pytest.mark.parametrize(
    "header", ["", "GenieKey", "GenieKey ", "GenieKey nothing", "Bearer nothing", "Basic eDp5"]
)
async def test_nobody_is_told_so(service: RunningService, header: str) -> None:
    headers = {"authorization": header}
    told = failed(await service.client(None).post(PATH, json={}, headers=headers), 401)
    assert told["message"] == "Could not authenticate"


async def test_a_key_without_the_role_may_not(service: RunningService) -> None:
    told = {"name": "Reader", "roles": ["auditor"]}
    made = (await service.client("admin").post("/v1/api-keys", json=told)).json()["key"]
    headers = {"authorization": f"GenieKey {made}"}
    answer = await service.client(None).post(PATH, json=alert("x"), headers=headers)
    assert failed(answer, 403)["code"] == 40301


async def test_only_what_opsgenie_clients_told_can_be_asked_about(
    service: RunningService, monitor: AsyncClient, people: AsyncClient
) -> None:
    other = await people.post("/v1/incidents", json={"title": "A person's own"})
    foreign = Request(int(other.json()["position"]), Action.CREATE, Outcome.DONE).id()
    answer = await monitor.get(f"{PATH}/requests/{foreign}")
    assert answer.json()["data"]["alias"] == ""
    assert "A person" not in answer.text
    failed(await monitor.get(f"{PATH}/requests/nothing"), 404)
    failed(
        await monitor.get(f"{PATH}/requests/{Request(2**49, Action.CLOSE, Outcome.DONE).id()}"), 404
    )


@given(st.integers(0, 2**50 - 1), st.sampled_from(Action), st.sampled_from(Outcome))
def test_an_id_tells_its_request(position: int, action: Action, outcome: Outcome) -> None:
    request = Request(position, action, outcome)
    assert read(str(request.id())) == request
    assert request.id().version == 8
    assert request.id(7) == request.id(7)


@given(st.text() | st.uuids().map(str))
def test_any_other_text_tells_none(text: str) -> None:
    found = read(text)
    assert found is None or found.position < 2**50
