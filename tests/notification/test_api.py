"""Contacts, subscriptions and notifications as callers meet them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.cli.rebuild import rebuilt_models
from services.notification.app import DEFINITION, create_app
from services.notification.notifications import Notifications
from services.notification.policies import Planner
from services.notification.subscriptions import Subscriptions
from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from shared.clock import new_id, now
from shared.follower import Fact
from shared.work import Work
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, INCIDENT
from tests.notification.sinks import SECRET
from tests.support.service import RunningService, running_service

NOWHERE = "http://127.0.0.1:1"
CONTACT = {"name": "Ada Lovelace", "person": "ada", "email": "ada@example.com"}
HOOK = {"url": "https://example.com/hook?key=hidden", "secret": SECRET}
FACTS = ["incident.declared", "incident.resolved"]


@pytest.fixture
async def running(database: NewDatabase, tmp_path: Path) -> AsyncIterator[RunningService]:
    told = {"incident_url": NOWHERE, "problem_url": NOWHERE}
    async with running_service(
        create_app, await database("notification"), tmp_path, **told
    ) as made:
        yield made


@pytest.fixture
async def admin(running: RunningService) -> AsyncIterator[AsyncClient]:
    async with running.client(Role.NOTIFICATION_ADMIN) as client:
        yield client


async def _post(client: AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _subscribed(admin: AsyncClient, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    contact = await _post(admin, "/v1/contacts", CONTACT)
    body = {"contact": contact["id"], "channel": "email", "facts": FACTS} | more
    return contact, await _post(admin, "/v1/subscriptions", body)


async def _heard(running: RunningService, name: str = "incident.declared", **data: Any) -> Fact:
    service = running.service
    fact = Fact(
        id=new_id(),
        type=f"tocsin.{name}.v1",
        subject=INCIDENT,
        time=now(),
        position=1,
        actor="ada",
        correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode(DECLARED | data)),
    )
    planner = Planner(Notifications(service.store), Subscriptions(service.store))
    work = Work(service.store, "system:follower")
    await planner.hear(fact, work)
    await work.append()
    return fact


def _problem(answer: Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"/problems/{kind}"
    return problem


async def test_a_contact_is_added_read_changed_and_retired(admin: AsyncClient) -> None:
    added = await admin.post("/v1/contacts", json=CONTACT | {"webhook": HOOK})
    assert added.status_code == 201
    path, body = added.headers["location"], added.json()
    assert (body["name"], body["email"], body["webhook_url"]) == (
        "Ada Lovelace",
        "ada@example.com",
        "https://example.com/hook?key=hidden",
    )
    read = await admin.get(path)
    assert [each["name"] for each in read.json()["actions"]] == ["put", "retire"]
    changed = await admin.put(path, json=CONTACT | {"name": "Ada King"})
    assert (changed.json()["name"], changed.json()["webhook_url"]) == ("Ada King", None)
    assert changed.headers["etag"] != read.headers["etag"]
    stale = await admin.put(path, json=CONTACT, headers={"if-match": read.headers["etag"]})
    _problem(stale, 412, "stale")
    assert (await admin.post(f"{path}/retire")).json()["retired"] is True
    assert (await admin.post(f"{path}/retire")).status_code == 200
    assert "retired" in _problem(await admin.put(path, json=CONTACT), 409, "refused")["detail"]


async def test_a_contact_has_a_past(admin: AsyncClient) -> None:
    first = await _post(admin, "/v1/contacts", CONTACT)
    path = f"/v1/contacts/{first['id']}"
    await admin.put(path, json=CONTACT | {"name": "Ada King"})
    then = {"as_of": first["position"]}
    assert (await admin.get(path, params=then)).json()["name"] == "Ada Lovelace"
    assert (await admin.get(path)).json()["name"] == "Ada King"
    listed = (await admin.get("/v1/contacts", params=then)).json()
    assert [each["name"] for each in listed["items"]] == ["Ada Lovelace"]
    assert (await admin.get("/v1/contacts", params={"as_of": 0})).json()["items"] == []


async def test_a_secret_is_shown_nowhere_and_no_address_is_stored_in_clear(
    running: RunningService, admin: AsyncClient
) -> None:
    body = CONTACT | {"webhook": HOOK}
    answers = [await admin.post("/v1/contacts", json=body, headers={"idempotency-key": "one"})]
    path = answers[0].headers["location"]
    answers += [await admin.get(path), await admin.get("/v1/contacts")]
    answers += [await admin.put(path, json=body)]
    answers += [await admin.post("/v1/contacts", json=body, headers={"idempotency-key": "one"})]
    assert answers[-1].content == answers[0].content
    assert not [answer for answer in answers if SECRET[6:] in answer.text]
    for table in ("events", "contacts", "idempotency", "snapshots"):
        rows = str(await running.service.store.pool.fetch(f"select * from {table}"))
        for marker in (SECRET[6:], "example.com", "Lovelace", "hidden"):
            assert marker not in rows


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": " ", "email": "a@b.c"}, "/name"),
        ({"name": "Ada", "email": "ada"}, "/email"),
        ({"name": "Ada", "email": "a@b.c\r\nBcc: x@y.z"}, "/email"),
        ({"name": "Ada", "email": "a@b.c, x@y.z"}, "/email"),
        ({"name": "Ada", "email": "<a@b.c>"}, "/email"),
        ({"name": "Ada", "email": "=?utf-8?q?eve=40e.org?=@b.c"}, "/email"),
        ({"name": "Ada", "email": "a@b.c", "status": "x"}, "/status"),
        ({"name": "Ada", "webhook": {}}, "/webhook/url"),
        ({"name": "Ada", "webhook": HOOK | {"url": "http://localhost:x"}}, "/webhook/url"),
        ({"name": "Ada", "webhook": HOOK | {"url": "http://10.0.0.1/"}}, "/webhook/url"),
        ({"name": "Ada", "webhook": HOOK | {"url": "ftp://example.com"}}, "/webhook/url"),
        ({"name": "Ada", "webhook": HOOK | {"secret": "hunter2"}}, "/webhook/secret"),
        ({"name": "Ada", "webhook": HOOK | {"secret": "whsec_c2hvcnQ="}}, "/webhook/secret"),
    ],
)
async def test_a_contact_that_makes_no_sense_is_refused(
    admin: AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await admin.post("/v1/contacts", json=body)
    problem = _problem(answer, 422, "invalid")
    assert problem["errors"][0]["pointer"] == pointer
    assert "hunter2" not in answer.text


async def test_a_webhook_without_a_secret_is_refused(admin: AsyncClient) -> None:
    body = {"name": "Ada", "webhook": {"url": HOOK["url"]}}
    assert (
        "secret" in _problem(await admin.post("/v1/contacts", json=body), 409, "refused")["detail"]
    )


async def test_everybody_keeps_their_own_contact_and_no_other(running: RunningService) -> None:
    async with (
        running.client(Role.REPORTER, subject="ada") as ada,
        running.client(Role.REPORTER, subject="eve") as eve,
        running.client(Role.RESPONDER, subject="bob") as bob,
    ):
        own = await ada.post("/v1/contacts", json={"name": "Ada", "email": "ada@example.com"})
        path = own.headers["location"]
        assert own.json()["person"] == "ada"
        assert (await ada.get(path)).status_code == 200
        assert (await bob.get(path)).json()["actions"][0]["allowed"] is False
        _problem(await eve.get(path), 404, "not-found")
        assert (await eve.get("/v1/contacts")).json()["items"] == []
        assert len((await ada.get("/v1/contacts")).json()["items"]) == 1
        _problem(await eve.put(path, json=CONTACT), 404, "not-found")
        _problem(await bob.put(path, json=CONTACT), 403, "forbidden")
        _problem(await bob.post(f"{path}/retire"), 403, "forbidden")
        _problem(await eve.post("/v1/contacts", json=CONTACT), 403, "forbidden")
        assert (await ada.post(f"{path}/retire")).status_code == 200


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SERVICE])
async def test_who_only_reads_adds_no_contact(running: RunningService, role: Role) -> None:
    async with running.client(role) as client:
        answer = await client.post("/v1/contacts", json={"name": "Me", "email": "me@example.com"})
        _problem(answer, 403, "forbidden")


async def test_a_subscription_is_added_changed_listed_and_retired(admin: AsyncClient) -> None:
    words = {"subject": "{{number}}", "text": "{{title}}"}
    contact, said = await _subscribed(admin, priorities=[1], template=words)
    path = f"/v1/subscriptions/{said['id']}"
    assert (said["facts"], said["template"]) == (FACTS, words)
    body = {"contact": contact["id"], "channel": "email", "facts": ["incident.closed"]}
    changed = (await admin.put(path, json=body)).json()
    assert (changed["facts"], changed["priorities"]) == (["incident.closed"], [])
    assert (await admin.get(path, params={"as_of": said["position"]})).json()["facts"] == FACTS
    query = {"contact": contact["id"], "fact": "incident.closed", "retired": "false"}
    assert len((await admin.get("/v1/subscriptions", params=query)).json()["items"]) == 1
    assert (await admin.post(f"{path}/retire")).json()["retired"] is True
    assert (await admin.get("/v1/subscriptions", params=query)).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"facts": []}, 422),
        ({"facts": ["incident.exploded"]}, 422),
        ({"channel": "pigeon"}, 422),
        ({"channel": "webhook"}, 422),
        ({"contact": str(INCIDENT)}, 422),
        ({"priorities": [0]}, 422),
        ({"template": {"subject": "{{ttl}}", "text": "x"}}, 422),
        ({"template": {"subject": "x"}}, 422),
    ],
)
async def test_a_subscription_that_makes_no_sense_is_refused(
    admin: AsyncClient, change: dict[str, Any], status: int
) -> None:
    contact = await _post(admin, "/v1/contacts", CONTACT)
    body = {"contact": contact["id"], "channel": "email", "facts": FACTS} | change
    assert (await admin.post("/v1/subscriptions", json=body)).status_code == status


async def test_only_an_admin_subscribes(running: RunningService, admin: AsyncClient) -> None:
    contact, said = await _subscribed(admin)
    for role in set(Role) - {Role.ADMIN, Role.NOTIFICATION_ADMIN}:
        async with running.client(role) as client:
            body = {"contact": contact["id"], "channel": "email", "facts": FACTS}
            _problem(await client.post("/v1/subscriptions", json=body), 403, "forbidden")
            read = await client.get(f"/v1/subscriptions/{said['id']}")
            assert read.status_code == (403 if role is Role.REPORTER else 200)


async def test_notifications_are_listed_and_read_with_their_attempts(
    running: RunningService, admin: AsyncClient
) -> None:
    await _subscribed(admin)
    fact = await _heard(running)
    (item,) = (await admin.get("/v1/notifications")).json()["items"]
    assert (item["number"], item["fact"], item["person"]) == ("INC-7", "incident.declared", "ada")
    assert item["cause"] == str(fact.id)
    read = (await admin.get(f"/v1/notifications/{item['id']}")).json()
    assert read["text"].startswith("INC-7 Checkout is slow")
    assert [each["name"] for each in read["actions"]] == ["acknowledge", "redrive"]
    for name, value in {"status": "delivered", "number": "INC-8", "channel": "webhook"}.items():
        found = await admin.get("/v1/notifications", params={name: value})
        assert found.json()["items"] == []
    query = {"about": str(INCIDENT), "person": "ada", "fact": "incident.declared"}
    assert len((await admin.get("/v1/notifications", params=query)).json()["items"]) == 1


async def test_a_dead_letter_is_found_and_redriven(
    running: RunningService, admin: AsyncClient
) -> None:
    hook = {"url": "http://localhost:1/", "secret": SECRET}  # refused when its name is resolved
    contact = await _post(admin, "/v1/contacts", CONTACT | {"webhook": hook})
    body = {"contact": contact["id"], "channel": "webhook", "facts": FACTS}
    await _post(admin, "/v1/subscriptions", body)
    await _heard(running)
    dead = await _dead_letter(admin)
    (attempt,) = dead["attempts"]
    assert (attempt["outcome"], "public address" in attempt["answer"]) == ("refused", True)
    redriven = await admin.post(f"/v1/notifications/{dead['id']}/redrive")
    assert (redriven.status_code, redriven.json()["status"]) == (200, "waiting")
    again = await _dead_letter(admin)
    assert (again["id"], len(again["attempts"])) == (dead["id"], 2)


async def _dead_letter(admin: AsyncClient) -> dict[str, Any]:
    while True:
        for found in (await admin.get("/v1/dead-letters")).json()["items"]:
            read: dict[str, Any] = (await admin.get(f"/v1/notifications/{found['id']}")).json()
            return read
        await asyncio.sleep(0.02)


async def test_acknowledging_is_for_its_person_or_an_admin(
    running: RunningService, admin: AsyncClient
) -> None:
    await _subscribed(admin)
    await _heard(running)
    (item,) = (await admin.get("/v1/notifications")).json()["items"]
    path = f"/v1/notifications/{item['id']}"
    async with (
        running.client(Role.REPORTER, subject="ada") as ada,
        running.client(Role.REPORTER, subject="eve") as eve,
        running.client(Role.RESPONDER, subject="bob") as bob,
    ):
        _problem(await eve.get(path), 404, "not-found")
        _problem(await eve.post(f"{path}/acknowledge"), 404, "not-found")
        _problem(await bob.post(f"{path}/acknowledge"), 403, "forbidden")
        _problem(await bob.post(f"{path}/redrive"), 403, "forbidden")
        _problem(await admin.post(f"{path}/redrive"), 409, "refused")
        assert (await eve.get("/v1/notifications")).json()["items"] == []
        seen = await ada.post(f"{path}/acknowledge")
        assert seen.json()["acknowledged_by"] == "ada"
        again = await ada.post(f"{path}/acknowledge", json={})
        assert again.json()["acknowledged_at"] == seen.json()["acknowledged_at"]


async def test_a_rebuild_finds_nothing_to_change(
    running: RunningService, admin: AsyncClient
) -> None:
    contact, said = await _subscribed(admin)
    await _heard(running)
    await admin.put(f"/v1/contacts/{contact['id']}", json=CONTACT | {"name": "Ada King"})
    await admin.post(f"/v1/subscriptions/{said['id']}/retire")
    rebuilt = await rebuilt_models(DEFINITION, running.settings, keep=True)
    assert set(rebuilt.differences.values()) == {0}
    assert rebuilt.rows >= 5


async def test_the_document_describes_every_operation(running: RunningService) -> None:
    async with running.client(None) as nobody:
        paths = running.app.openapi()["paths"]
        for path, operations in paths.items():
            for method in operations:
                if path.startswith("/v1/") and "stream" not in path:
                    target = path.replace("{id}", str(INCIDENT))
                    answer = await nobody.request(method, target, json={})
                    assert answer.status_code in (401, 422), (method, path)
    assert {"/v1/contacts", "/v1/subscriptions", "/v1/dead-letters"} <= set(paths)
