"""A message by hand reaches a contact as any other does, and is about what it says."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.notification.app import create_app
from services.notification.policies import Planner
from shared.client import AsyncClient, Response
from shared.clock import new_id, now
from shared.follower import Fact
from shared.work import Work
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, INCIDENT
from tests.notification.sinks import SECRET, WebhookSink
from tests.support.service import RunningService, running_service
from tests.support.until import until

WORDS = {"subject": "About {{number}}", "text": "Please look at {{title}}."}


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink().up() as sink:
        yield sink


@pytest.fixture
async def running(database: NewDatabase, tmp_path: Path) -> AsyncIterator[RunningService]:
    told: dict[str, Any] = {
        "incident_url": "http://127.0.0.1:1",
        "problem_url": "http://127.0.0.1:1",
        "outbound_allow": ["127.0.0.0/8"],
    }
    async with running_service(
        create_app, await database("notification"), tmp_path, **told
    ) as made:
        yield made


@pytest.fixture
async def admin(running: RunningService) -> AsyncIterator[AsyncClient]:
    async with running.client("notification_admin") as client:
        yield client


@pytest.fixture
async def contact(admin: AsyncClient, hook: WebhookSink) -> str:
    ways = {"webhook": {"url": hook.url, "secret": SECRET}}
    made = await admin.post("/v1/contacts", json={"name": "Ada", "person": "ada"} | ways)
    return str(made.json()["id"])


async def hear(running: RunningService) -> None:
    """Of an incident."""
    fact = Fact(
        id=new_id(),
        type="tocsin.incident.declared.v1",
        subject=INCIDENT,
        time=now(),
        position=1,
        actor="ada",
        correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode(DECLARED)),
    )
    work = Work(running.service.store, "system:follower")
    parts = running.service.parts
    await Planner(parts["notifications"], parts["subscriptions"]).hear(fact, work)
    await work.append()


async def restrict(running: RunningService, *named: str) -> None:
    """The incident, to these."""
    values: list[Any] = [INCIDENT, True, list(named), []]
    pool = running.service.store.pool
    await pool.execute("insert into restrictions values ($1, $2, $3, $4)", *values)


async def became(admin: AsyncClient, path: str, status: str) -> bool:
    return bool((await admin.get(path)).json()["status"] == status)


def pointers(answer: Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_what_somebody_writes_is_delivered(
    running: RunningService, admin: AsyncClient, contact: str, hook: WebhookSink
) -> None:
    await hear(running)
    said = WORDS | {"contact": contact, "about": "INC-7"}
    made = await admin.post("/v1/notifications", json=said)
    assert made.status_code == 201, made.text
    path, told = made.headers["location"], made.json()
    assert path == f"/v1/notifications/{told['id']}"
    assert (told["channel"], told["person"], told["number"]) == ("webhook", "ada", "INC-7")
    assert (told["fact"], told["about"]) == ("incident.message", str(INCIDENT))
    await until(partial(became, admin, path, "delivered"))
    assert [each["outcome"] for each in (await admin.get(path)).json()["attempts"]] == ["delivered"]
    body = msgspec.json.decode(hook.calls[0].body)
    assert body["data"]["subject"] == "About INC-7"
    assert body["data"]["text"] == "Please look at Checkout is slow."
    asked = {"event": told["cause"], "contact": contact}
    why = (await admin.get("/v1/notifications/why", params=asked)).json()
    assert (why["verdict"], why["reasons"][0]["reason"]) == ("told", "by_hand")


async def test_it_need_not_be_about_anything(admin: AsyncClient, contact: str) -> None:
    said = {"subject": "Lunch", "text": "At noon", "contact": contact, "channel": "inbox"}
    told = (await admin.post("/v1/notifications", json=said)).json()
    assert (told["fact"], told["number"]) == ("notification.message", "")
    await until(partial(became, admin, f"/v1/notifications/{told['id']}", "delivered"))


async def test_one_key_is_one_message(admin: AsyncClient, contact: str) -> None:
    said, key = WORDS | {"contact": contact}, {"Idempotency-Key": "once"}
    first = await admin.post("/v1/notifications", json=said, headers=key)
    await admin.post(f"/v1/contacts/{contact}/retire")
    again = await admin.post("/v1/notifications", json=said, headers=key)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    other = await admin.post("/v1/notifications", json=said)
    assert pointers(other) == ["/contact"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"contact": str(uuid4())}, "/contact"),
        ({"channel": "email"}, "/channel"),
        ({"about": "INC-7"}, "/about"),
        ({"about": str(uuid4())}, "/about"),
        ({"text": "{{nonsense}}"}, "/text"),
        ({"subject": " "}, "/subject"),
        ({"status": "delivered"}, "/status"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_its_place(
    admin: AsyncClient, contact: str, change: dict[str, str], pointer: str
) -> None:
    answer = await admin.post("/v1/notifications", json=WORDS | {"contact": contact} | change)
    assert pointers(answer) == [pointer]
    assert (await admin.get("/v1/notifications")).json()["items"] == []


async def test_what_is_restricted_is_neither_found_nor_told_to_others(
    running: RunningService, admin: AsyncClient, contact: str
) -> None:
    await hear(running)
    await restrict(running, "person:eve", "person:boss")
    said = WORDS | {"contact": contact, "about": "INC-7"}
    assert pointers(await admin.post("/v1/notifications", json=said)) == ["/about"]
    async with running.client("notification_admin", subject="boss") as boss:
        refused = await boss.post("/v1/notifications", json=said)
        assert pointers(refused) == ["/contact"]
        eve = {"name": "Eve", "person": "eve", "email": "eve@example.com"}
        hers = (await boss.post("/v1/contacts", json=eve)).json()["id"]
        told = (await boss.post("/v1/notifications", json=said | {"contact": hers})).json()
    assert "slow" not in told["text"]


async def test_only_an_admin_writes(running: RunningService, contact: str) -> None:
    async with running.client("incident_manager") as client:
        answer = await client.post("/v1/notifications", json=WORDS | {"contact": contact})
    assert answer.status_code == 403
