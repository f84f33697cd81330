"""Channels by apprise: which addresses are taken, and what comes of a call."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from services.notification.app import create_app
from services.notification.channels import vendors
from services.notification.channels.vendors import MISSING, VENDORS, Vendors, check_vendor
from services.notification.outcome import Lost, Reached, Unreached
from services.notification.said import Words
from shared.destination import OutgoingRefused
from shared.errors import Refused
from tests.conftest import NewDatabase
from tests.notification.sinks import WebhookSink
from tests.support.service import RunningService, running_service

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # in a plug-in
DISCORD = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#a"
WORDS = Words("[INC-7] @all", "<@everyone> is slow", {})
ELSEWHERE = (
    "json://127.0.0.1/x", "jsons://x", "xml://x", "form://x", "file:///etc/passwd", "syslog://",
    "dbus://", "gnome://", "windows://", "apprise://x/y", "mailto://a:b@x", "gotify://x/y",
    "ntfy://x/y", "mqtt://x", "https://discord.com/api/webhooks/4174216298/abc", "exec://ls", "",
    "discord//x", " discord://a/b", "discord://a/b c", "discord://\u00e4/b",
    "discord:/" + "/a" * 1001,
)  # fmt: skip
NOT_TAKEN = (
    f"{DISCORD}?template=/etc/passwd", f"{DISCORD}?%74emplate=/etc/passwd", f"{DISCORD}?verify=no",
    f"{DISCORD}?to=a;template=/etc/passwd", f"{DISCORD}/#x?template=/etc/passwd",
    f"{DISCORD}?+header=x", f"{DISCORD}?retry=9", f"{DISCORD}?redirect=yes",
    f"{DISCORD}?avatar_url=http://169.254.169.254/", "discord://", f"{SLACK}/#b",
)  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_what_leads_anywhere_is_refused_with_or_without_apprise(address: str) -> None:
    with pytest.raises(OutgoingRefused, match="the address must"):
        check_vendor(address)


def test_without_the_extra_the_refusal_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Refused, match="apprise"):
        check_vendor(DISCORD)


async def test_what_waits_until_the_extra_is_back_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert await Vendors().send(DISCORD, WORDS) == Unreached(MISSING, down=True)
    assert "pip install 'tocsin[apprise]'" in MISSING, "of an installed package"
    assert ".venv/bin/pip install -e '.[apprise]'" in MISSING, "of a clone"


@pytest.mark.parametrize("address", NOT_TAKEN)
def test_no_file_no_other_host_and_one_target(address: str) -> None:
    pytest.importorskip("apprise")
    with pytest.raises(OutgoingRefused) as refused:
        check_vendor(address)
    assert "passwd" not in str(refused.value)


@pytest.mark.parametrize("address", [DISCORD, SLACK, f"{DISCORD}?thread=7", DISCORD.upper()])
def test_one_target_of_a_vendor_is_taken(address: str) -> None:
    pytest.importorskip("apprise")
    check_vendor(address)


def test_no_vendors_plug_in_takes_a_host() -> None:
    pytest.importorskip("apprise")
    known = import_module("apprise.manager_plugins").NotificationManager()
    for scheme in VENDORS:
        parts = known[scheme].template_tokens
        assert not {"host", "hostname", "port"} & set(parts), scheme


class Target:
    """Stands for what apprise would call."""

    def __init__(self, answers: Any) -> None:
        self.answers = answers
        self.told: dict[str, str] = {}
        self.hangs = threading.Event()
        self.hangs.set()

    def notify(self, **told: str) -> Any:
        self.told = told
        self.hangs.wait(10)
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        (True, Reached("taken")),
        (False, Unreached("its vendor did not take it")),
        (ValueError(DISCORD), Lost("apprise failed: ValueError")),
    ],
)
async def test_what_comes_of_a_call(
    answers: Any, result: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(answers)
    monkeypatch.setattr(vendors, "_target", lambda address: target)
    assert await Vendors().send(DISCORD, WORDS) == result
    told = target.told["title"] + target.told["body"]
    assert not [each for each in ("@all", "@everyone", "<@") if each in told]


async def test_a_call_that_takes_too_long_is_unknown_and_what_waited_behind_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = Target(answers=True)
    target.hangs.clear()
    monkeypatch.setattr(vendors, "_target", lambda address: target)
    slow = Vendors(within=0.2)
    results = await asyncio.gather(*(slow.send(DISCORD, WORDS) for _ in range(9)))
    target.hangs.set()
    assert sum(isinstance(each, Lost) for each in results) == 8
    assert sum(isinstance(each, Unreached) for each in results) == 1


async def test_a_vendor_is_called_once_and_nothing_of_it_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The library as it is, but that its vendor stands on this machine."""
    pytest.importorskip("apprise")
    check_vendor(DISCORD)
    plugin = import_module("apprise.manager_plugins").NotificationManager()["discord"]
    async with WebhookSink().up() as sink:
        monkeypatch.setattr(plugin, "notify_url", sink.url)
        long = Words("[INC-7] @all", "<@everyone> is slow " * 1_000, {})
        assert await Vendors().send(DISCORD, long) == Reached("taken")
        (call,) = sink.calls
        assert not [each for each in (b"@all", b"@everyone", b"<@") if each in call.body]
        sink.answers(500)
        refused = await Vendors().send(DISCORD, WORDS)
        assert refused == Unreached("its vendor did not take it")
        sink.answers(307, f"Location: {sink.url}/elsewhere")
        assert isinstance(await Vendors().send(DISCORD, WORDS), Unreached)
        assert len(sink.calls) == 3
    assert "JHMHI8qBe7bk2ZwO5U711o3dV_js" not in caplog.text


@pytest.fixture
async def running(database: NewDatabase, tmp_path: Path) -> AsyncIterator[RunningService]:
    async with running_service(create_app, await database("notification"), tmp_path) as made:
        yield made


async def test_over_http(running: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"key": "chat", "name": "Chat", "kind": "apprise", "address": DISCORD}
    async with running.client("notification_admin") as admin:
        anywhere = await admin.post("/v1/channels", json=body | {"address": "json://127.0.0.1"})
        assert anywhere.json()["errors"][0]["pointer"] == "/address"
        none = await admin.post("/v1/channels", json=body | {"address": None})
        assert none.status_code == 422
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "apprise", None)
            missing = await admin.post("/v1/channels", json=body)
        assert (missing.status_code, missing.json()["detail"]) == (409, MISSING)
        pytest.importorskip("apprise")
        made = await admin.post("/v1/channels", json=body)
        assert made.status_code == 201, made.text
        past = await admin.get("/v1/channels/chat/versions")
        assert "discord" not in made.text + past.text
    async with running.client("responder") as responder:
        refused = await responder.post("/v1/channels", json=body | {"key": "other"})
        assert refused.status_code == 403
