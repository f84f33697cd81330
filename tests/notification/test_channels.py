"""Channels: chats by their incoming webhooks, in their forms; a file; the inbox."""

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.notification.app import create_app
from services.notification.channels.channel import CHANNELS
from services.notification.channels.chat import Chat
from services.notification.channels.events import Kind
from services.notification.channels.payloads import payload
from services.notification.channels.sinks import NOT_LOCAL, printed
from services.notification.outcome import Reached, Unreached
from services.notification.said import Words
from shared.client import AsyncClient
from shared.outgoing import Outgoing
from tests.conftest import NewDatabase
from tests.notification.sinks import WebhookSink
from tests.notification.test_why import NOWHERE, Told
from tests.support.service import RunningService, running_service
from tests.support.until import until

EVIL = "<!channel> <users/all> @all [x](http://evil) *b* & 1 < 2\nsecond"


def _payload(kind: Kind, text: str = EVIL) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(payload(kind, Words(text, text, {})))
    return found


def test_nothing_in_a_message_is_a_mention_or_a_link() -> None:
    slack = _payload(Kind.SLACK)["text"]
    assert "<" not in slack
    assert "&lt;!channel&gt;" in slack
    assert "@all" not in _payload(Kind.MATTERMOST)["text"]
    assert "[x](" not in _payload(Kind.MATTERMOST)["text"]
    assert "<users" not in _payload(Kind.GOOGLE_CHAT)["text"]
    (attachment,) = _payload(Kind.TEAMS)["attachments"]
    blocks = [block["text"] for block in attachment["content"]["body"]]
    assert all("[x](" not in text and "\n\nsecond" in text for text in blocks)


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        (Kind.SLACK, 40_000),
        (Kind.MATTERMOST, 16_383),
        (Kind.TEAMS, 28_000),
        (Kind.GOOGLE_CHAT, 32_000),
    ],
)
def test_the_limits_of_each_chat_are_kept(kind: Kind, most: int) -> None:
    told = Words("S" * 250, "a" * 100_000, {})
    sent = payload(kind, told)
    assert len(sent) <= most
    assert "…" in sent.decode()


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink().up() as sink:
        yield sink


@pytest.fixture
async def running(database: NewDatabase, tmp_path: Path) -> AsyncIterator[RunningService]:
    told: dict[str, Any] = {
        "incident_url": NOWHERE,
        "problem_url": NOWHERE,
        "outbound_allow": ["127.0.0.0/8"],
    }
    async with running_service(
        create_app, await database("notification"), tmp_path, **told
    ) as made:
        yield made


@pytest.fixture
async def told(running: RunningService, hook: WebhookSink) -> AsyncIterator[Told]:
    async with running.client("notification_admin") as admin:
        yield Told(running, admin, hook)


async def _room(told: Told, **more: Any) -> None:
    said = {"key": "ops", "name": "Operations", "kind": "slack", "address": told.hook.url} | more
    await told.post("/v1/channels", **said)


async def test_a_room_is_told_and_its_address_is_never_shown(told: Told) -> None:
    await _room(told)
    contact = await told.contact(chat="ops")
    await told.subscribe(contact, channel="chat")
    await told.becomes("told", "subscription", await told.hear(), contact)
    (call,) = told.hook.calls
    assert json.loads(call.body)["text"].startswith("*[INC-7] Checkout is slow: declared*")
    for path in ("/v1/channels", "/v1/channels/ops", "/v1/channels/ops/versions"):
        answer = await told.admin.get(path)
        assert answer.status_code == 200
        assert str(told.hook.port) not in answer.text


async def test_a_room_that_is_retired_is_told_nothing(told: Told) -> None:
    await _room(told)
    contact = await told.contact(chat="ops")
    await told.subscribe(contact, channel="chat")
    await told.post("/v1/channels/ops/retire")
    view = await told.becomes("not_reached", "refused", await told.hear(), contact)
    assert "its channel is retired" in view["reasons"][0]["detail"]


async def test_a_file_for_the_first_minute(told: Told, tmp_path: Path) -> None:
    body = {"key": "file", "name": "A file", "kind": "file"}
    await told.post("/v1/channels", **body)
    contact = await told.contact(chat="file")
    await told.subscribe(contact, channel="chat")
    await told.becomes("told", "subscription", await told.hear(), contact)
    (line,) = (tmp_path / "outbox.jsonl").read_text().splitlines()
    assert json.loads(line)["subject"] == "[INC-7] Checkout is slow: declared"


async def test_a_console_prints_on_ones_own_machine_only(
    told: Told, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"key": "here", "name": "Here", "kind": "console"}
    service = told.running.service
    with monkeypatch.context() as elsewhere:
        served = service.settings.model_copy(update={"local": False})
        elsewhere.setattr(service, "settings", served)
        refused = await told.admin.post("/v1/channels", json=body)
    assert (refused.status_code, refused.json()["detail"]) == (409, NOT_LOCAL)
    await told.post("/v1/channels", **body)
    contact = await told.contact(chat="here")
    await told.subscribe(contact, channel="chat")
    await told.becomes("told", "subscription", await told.hear(), contact)
    (line,) = [each for each in capsys.readouterr().out.splitlines() if '"here"' in each]
    assert json.loads(line)["subject"] == "[INC-7] Checkout is slow: declared"


async def test_a_console_prints_nothing_once_it_serves_others(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await told.post("/v1/channels", key="here", name="Here", kind="console")
    chat = Chat(told.running.service.parts[CHANNELS], Outgoing(), tmp_path)
    result = await chat.send("here", UUID(int=1), Words("subject", "text", {}))
    assert result == Unreached(NOT_LOCAL, permanent=True)
    assert capsys.readouterr().out == ""


def test_nothing_that_is_printed_moves_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    told = Words("\x1b[2Ja", "b\x9b31m\u202e\u2028c ä\nd", {})
    assert printed("here", UUID(int=1), told) == Reached("printed")
    out = capsys.readouterr().out
    assert out.endswith("\n")
    assert not set(out[:-1]) & set("\x1b\x9b\u202e\u2028\n")
    assert json.loads(out)["text"].endswith("c ä\nd")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "slack"}, "/address"),
        ({"kind": "slack", "address": "http://169.254.169.254/latest"}, "/address"),
        ({"kind": "carrier_pigeon"}, "/kind"),
        ({"kind": "file", "address": "https://example.com/"}, ""),
        ({"kind": "console", "address": "https://example.com/"}, ""),
    ],
)
async def test_what_is_no_channel_is_refused(
    told: Told, body: dict[str, Any], pointer: str
) -> None:
    said = {"key": "ops", "name": "Operations"} | body
    answer = await told.admin.post("/v1/channels", json=said)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_contact_names_a_channel_that_there_is(told: Told) -> None:
    answer = await told.admin.post(
        "/v1/contacts", json={"name": "Room", "person": "room", "chat": "nowhere"}
    )
    detail = "there is no channel nowhere; add it first"
    assert answer.json()["errors"] == [{"pointer": "/chat", "detail": detail}]


async def _unread(ada: AsyncClient) -> list[str]:
    page = (await ada.get("/v1/inbox", params={"unread": "true"})).json()
    return [item["id"] for item in page["items"]]


async def _has_one(ada: AsyncClient) -> bool:
    return len(await _unread(ada)) == 1


async def test_an_inbox_is_its_persons_own(told: Told) -> None:
    contact = await told.contact()
    await told.subscribe(contact, channel="inbox")
    await told.hear()
    async with (
        told.running.client("reporter", subject="ada") as ada,
        told.running.client("reporter", subject="eve") as eve,
    ):
        await until(partial(_has_one, ada))
        (id,) = await _unread(ada)
        assert (await eve.get("/v1/inbox")).json()["items"] == []
        assert (await eve.post(f"/v1/inbox/{id}/read")).status_code == 404
        read = await ada.post(f"/v1/inbox/{id}/read")
        assert read.json()["read_at"] is not None
        assert await _unread(ada) == []
        assert (await ada.post(f"/v1/inbox/{id}/unread")).json()["read_at"] is None
        assert await _unread(ada) == [id]
