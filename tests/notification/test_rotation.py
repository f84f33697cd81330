"""A contact's webhook changes its secret: two are valid at once, for a stated time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from services.notification import contact
from services.notification.app import create_app
from services.notification.events import Channel
from shared.ledger import Order
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, Desk, open_desk
from tests.notification.sinks import SECRET, WebhookSink
from tests.notification.test_why import NOWHERE, Told
from tests.support.service import running_service
from tests.support.until import until

OTHER = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
THIRD = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink().up() as sink:
        yield sink


@pytest.fixture
async def told(database: NewDatabase, tmp_path: Path, hook: WebhookSink) -> AsyncIterator[Told]:
    settings: dict[str, Any] = {
        "incident_url": NOWHERE,
        "problem_url": NOWHERE,
        "outbound_allow": ["127.0.0.0/8"],
    }
    made = running_service(create_app, await database("notification"), tmp_path, **settings)
    async with made as running, running.client("notification_admin") as admin:
        yield Told(running, admin, hook)


@pytest.fixture
async def desk(database: NewDatabase) -> AsyncIterator[Desk]:
    async with open_desk((await database("notification")).app) as opened:
        yield opened


def _valid(sink: WebhookSink) -> set[str]:
    """The secrets that verify the last call."""
    found = set()
    for each in (SECRET, OTHER, THIRD):
        try:
            sink.calls[-1].verified(each)
        except WebhookVerificationError:
            continue
        found.add(each)
    return found


async def _told_again(told: Told, contact: str, calls: int) -> None:
    await told.becomes("told", "subscription", await told.hear(), contact)
    await until(partial(_has, told.hook, calls))


async def _has(sink: WebhookSink, calls: int) -> bool:
    return len(sink.calls) == calls


async def test_two_are_valid_at_once_and_none_is_shown(told: Told) -> None:
    contact = await told.contact()
    path = f"/v1/contacts/{contact}"
    await told.subscribe(contact)
    rotated = await told.post(f"{path}/rotate-secret", secret=OTHER)
    assert rotated["both_until"] is not None
    await _told_again(told, contact, 1)
    assert _valid(told.hook) == {SECRET, OTHER}
    again = await told.post(f"{path}/rotate-secret", secret=OTHER, both_for_hours=1)
    assert again["both_until"] == rotated["both_until"]
    shown = await told.admin.get(path)
    assert "whsec" not in shown.text
    assert shown.json()["both_until"] == rotated["both_until"]
    ended = await told.post(f"{path}/rotate-secret", secret=THIRD, both_for_hours=0)
    assert ended["both_until"] is None
    await _told_again(told, contact, 2)
    assert _valid(told.hook) == {THIRD}


async def test_only_its_person_or_an_admin_rotates(told: Told) -> None:
    contact = await told.contact()
    path, body = f"/v1/contacts/{contact}/rotate-secret", {"secret": OTHER}
    for role, subject, status in (("reporter", "eve", 404), ("responder", "eve", 403)):
        async with told.running.client(role, subject=subject) as client:
            assert (await client.post(path, json=body)).status_code == status
    async with told.running.client("reporter", subject="ada") as ada:
        assert (await ada.post(path, json=body)).status_code == 200
    await told.admin.post(f"/v1/contacts/{contact}/retire")
    assert (await told.admin.post(path, json=body)).status_code == 409


@pytest.mark.parametrize(
    "body",
    [{}, {"secret": "x"}, {"secret": OTHER, "both_for_hours": 721}, {"secret": OTHER, "more": 1}],
)
async def test_what_is_no_rotation_is_refused(told: Told, body: dict[str, Any]) -> None:
    contact = await told.contact()
    answer = await told.admin.post(f"/v1/contacts/{contact}/rotate-secret", json=body)
    assert answer.status_code == 422


async def test_the_one_before_ends_at_its_time(desk: Desk, hook: WebhookSink) -> None:
    id = await desk.contact(webhook_url=hook.url)
    await desk.subscribe(id, Channel.WEBHOOK)
    ends = desk.clock() + timedelta(hours=24)
    order = Order(stream=id, actor="ada")
    await desk.contacts.execute(order, contact.rotate, secret=OTHER, until=ends)
    held = await desk.contacts.current(id)
    assert await desk.contacts.secrets(held, ends - timedelta(seconds=1)) == [OTHER, SECRET]
    assert await desk.contacts.secrets(held, ends) == [OTHER]
    await desk.hear(desk.fact("incident.declared", **DECLARED))
    await desk.ring()
    assert _valid(hook) == {SECRET, OTHER}
