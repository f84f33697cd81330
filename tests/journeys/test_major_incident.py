"""A priority 1 from the alert to its closure, over HTTP through both services, with real receivers.

The clock of both is moved on; everything else is as it runs.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.incident.app import create_app as create_incident
from services.notification.app import create_app as create_notification
from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from shared.process import free_port
from shared.settings import Settings
from shared.store.store import Store
from tests.conftest import NewDatabase
from tests.notification.sinks import SECRET, MailSink, WebhookSink
from tests.support.server import running
from tests.support.service import prepare_home
from tests.support.until import until

AUDIENCES = ("management", "affected-users", "technical-teams")
SECTIONS = (
    "what_happened", "what_went_well", "what_did_not", "contributing_factors", "lessons",
)  # fmt: skip
ROLES = {
    "max": (Role.MAJOR_INCIDENT_MANAGER, Role.INCIDENT_MANAGER, Role.NOTIFICATION_ADMIN),
    "mia": (Role.RESPONDER,),
    "cleo": (Role.RESPONDER,),
}
_CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")


@dataclass
class Story:
    """Both services, their callers, and what the receivers have had."""

    issuer: EmbeddedIssuer
    incident_url: str
    notification_url: str
    mail: MailSink
    hook: WebhookSink
    ahead: timedelta = timedelta()
    clients: dict[tuple[str, str], AsyncClient] = field(default_factory=dict)
    path: str = ""

    def client(self, base: str, who: str) -> AsyncClient:
        if (base, who) not in self.clients:
            client = new_client(base_url=base, timeout=60)
            token = self.issuer.token(who, list(ROLES[who]))
            client.headers["authorization"] = f"Bearer {token}"
            self.clients[base, who] = client
        return self.clients[base, who]

    async def give(self, who: str, command: str, **said: Any) -> dict[str, Any]:
        """A command on the incident."""
        client = self.client(self.incident_url, who)
        answer = await client.post(f"{self.path}/{command}", json=said)
        assert answer.is_success, f"{command}: {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    async def unmet(self, **said: Any) -> list[str]:
        """The conditions that its closure is refused for."""
        client = self.client(self.incident_url, "max")
        answer = await client.post(f"{self.path}/close", json=said)
        assert answer.status_code == 409, answer.text
        return [each["condition"] for each in answer.json()["unmet"]]

    async def told(self, who: str, path: str, **said: Any) -> dict[str, Any]:
        """Something the notification service is told."""
        answer = await self.client(self.notification_url, who).post(path, json=said)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def timeline(self, kind: str) -> list[dict[str, Any]]:
        """Entries of this kind."""
        client = self.client(self.incident_url, "max")
        answer = await client.get(f"{self.path}/timeline", params={"limit": 200})
        return [each for each in answer.json()["items"] if each["kind"] == kind]

    async def stands(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many entries of this kind stand in the timeline."""

        async def enough() -> bool:
            return len(await self.timeline(kind)) >= count

        await until(enough)
        return await self.timeline(kind)

    def mails(self, to: str, about: str) -> list[str]:
        """The subjects of mails to somebody that mention this."""
        found = [m for m in self.mail.mails if m["to"] == f"{to}@example.com"]
        return [str(m["subject"]) for m in found if about in str(m["subject"])]

    async def mailed(self, to: str, about: str) -> str:
        """Wait for a mail; its text."""

        async def arrived() -> bool:
            return bool(self.mails(to, about))

        await until(arrived)
        newest = [m for m in self.mail.mails if about in str(m["subject"])][-1]
        text: str = newest.get_content()
        return text

    def later(self, minutes: int) -> None:
        self.ahead += timedelta(minutes=minutes)


@pytest.fixture
async def story(
    database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Story]:
    async with MailSink().up() as mail, WebhookSink().up() as hook:
        issuer, ports = prepare_home(tmp_path), [free_port() for _ in range(2)]
        told = Story(issuer, "", "", mail, hook)
        _move_clocks(told, monkeypatch)
        settings = Settings(
            home=tmp_path,
            local=True,
            log_level="error",
            incident_port=ports[0],
            problem_port=free_port(),
            notification_port=ports[1],
            incident_database_url=(await database("incident")).app,
            notification_database_url=(await database("notification")).app,
            smtp_url=mail.url,
            outbound_allow="127.0.0.0/8",
        )
        async with (
            running(create_incident(settings), ports[0]) as told.incident_url,
            running(create_notification(settings), ports[1]) as told.notification_url,
        ):
            yield told
            for client in told.clients.values():
                await client.aclose()


def _move_clocks(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Store.open

    async def open_moving(*args: Any, **kwargs: Any) -> Store:
        return await opened(*args, **kwargs, clock=lambda: datetime.now(UTC) + story.ahead)

    monkeypatch.setattr(Store, "open", open_moving)


async def _reachable(story: Story) -> None:
    """People with ways that were verified before need, and an audience each."""
    mia = await story.told("mia", "/v1/contacts", name="Mia", email="mia@example.com")
    reached = {"url": story.hook.url, "secret": SECRET}
    cleo = await story.told("cleo", "/v1/contacts", name="Cleo", webhook=reached)
    await story.told("mia", f"/v1/contacts/{mia['id']}/send-code", channel="email")
    code = _CODE.search(await story.mailed("mia", "Your code"))
    assert code is not None
    await story.told("mia", f"/v1/contacts/{mia['id']}/verify", channel="email", code=code[0])
    await story.told("cleo", f"/v1/contacts/{cleo['id']}/send-code", channel="webhook")
    code_to_cleo = story.hook.calls.pop().verified()["data"]["code"]
    verified = {"channel": "webhook", "code": code_to_cleo}
    await story.told("cleo", f"/v1/contacts/{cleo['id']}/verify", **verified)
    for audience in AUDIENCES:
        ways = {"person": audience, "email": f"{audience}@example.com"}
        contact = await story.told("max", "/v1/contacts", name=audience, **ways)
        said = {"key": audience, "name": audience, "contacts": [contact["id"]]}
        await story.told("max", "/v1/audiences", **said)


async def _on_call(story: Story) -> None:
    """Mia is on call; who comes after her is Cleo."""
    layer = {"people": ["mia"], "starts_on": "2026-01-01", "unit": "day"}
    await story.told("max", "/v1/schedules", key="commanders", name="C", layers=[layer])
    steps = [
        {"targets": [{"schedule": "commanders"}], "wait_minutes": 4},
        {"targets": [{"person": "cleo"}], "wait_minutes": 10},
    ]
    await story.told("max", "/v1/escalation-policies", key="p1", name="P1", steps=steps)


async def _promoted(story: Story) -> None:
    rule = {"name": "shop", "then": "promote", "when": {"priority_at_most": 1}}
    manager = story.client(story.incident_url, "max")
    path = "/v1/incident/policies/major-triggers"
    assert (await manager.put(path, json={"rules": [rule]})).is_success
    body = {"title": "Checkout is down", "service": "checkout", "impact": 1, "urgency": 1}
    declared = (await manager.post("/v1/incidents", json=body)).json()
    assert (declared["major"], declared["major_incident"]["rule"]) == ("accepted", "shop")
    story.path = f"/v1/incidents/{declared['id']}"


async def _commanded(story: Story) -> None:
    """Mia does not answer, Cleo does, by the link of her page, and takes command."""
    asked = {"escalation_policy": "p1", "message": "Please lead", "within_minutes": 30}
    await story.give("max", "request-responder", **asked)
    assert "Please lead" in await story.mailed("mia", "You are needed")
    assert story.hook.calls == []
    story.later(minutes=4)
    await until(lambda: _so(story.hook.calls))
    page = story.hook.calls[0].verified()
    assert page["type"] == "incident.responder_requested"
    link = page["data"]["acknowledge_url"].partition("/v1/")[2]
    async with new_client(base_url=story.notification_url) as anybody:
        assert (await anybody.get(f"/v1/{link}")).status_code == 200
        assert await story.timeline("incident.page_acknowledged") == []
        assert (await anybody.post(f"/v1/{link}")).status_code == 200
    (seen,) = await story.stands("incident.page_acknowledged")
    assert seen["title"] == "cleo acknowledged by webhook"
    shown = (await story.client(story.incident_url, "max").get(story.path)).json()
    (request,) = shown["major_incident"]["requests"]
    assert request["state"] == "asked", "that it was seen is no answer"
    assert [each["person"] for each in request["acknowledged_by"]] == ["cleo"]
    await story.give("cleo", "answer-request", accepted=True)
    await story.give("max", "assign-role", role="incident_commander", person="cleo")
    await until(lambda: _so(len(story.hook.calls) > 1))
    assert "You are incident commander" in story.hook.calls[1].verified()["data"]["subject"]
    await story.give("cleo", "accept-role")


async def _update(story: Story, status: str, **more: Any) -> None:
    """Told in time to every audience."""
    said = {"status": status, "impact": "No orders", "action": "Failing over"}
    await story.give("cleo", "post-update", **said, **more)
    for audience in AUDIENCES:
        await story.mailed(audience, status)


async def _informed(story: Story) -> None:
    """Three updates on cadence, one put off, one overdue, which goes to the commander."""
    for minutes, status in ((5, "Looking"), (28, "Found it"), (28, "Failing over")):
        story.later(minutes=minutes)
        await _update(story, status)
    assert await story.timeline("incident.update_overdue") == []
    story.later(minutes=25)
    await story.give("cleo", "snooze-update", audience="management", reason="In a meeting")
    calls = len(story.hook.calls)
    story.later(minutes=6)
    overdue = await story.stands("incident.update_overdue", 2)
    assert len(overdue) == 2, "management's was put off"
    await until(lambda: _so(len(story.hook.calls) >= calls + 2))
    await _update(story, "It works again")


async def _closed(story: Story) -> None:
    """Each refusal names what is left to do; at the end every audience hears of it."""
    resolved = {"code": "fixed", "summary": "Failed over"}
    await story.give("cleo", "resolve", **resolved)
    finals = [f"final_update:{audience}" for audience in AUDIENCES]
    assert await story.unmet() == [*finals, "review", "problem"]
    await _update(story, "Resolved for good", final=True)
    assert await story.unmet() == ["review", "problem"]
    for section in SECTIONS:
        await story.give("cleo", "review/write-section", section=section, text="As it was.")
    item = {"title": "Rehearse it", "owner": "mia", "due": "2099-01-31"}
    await story.give("cleo", "review/add-action-item", **item)
    await story.give("max", "review/complete")
    assert await story.unmet() == ["problem"]
    closed = await story.give("max", "close", waive_problem="A cable was cut")
    assert closed["status"] == "closed"
    for audience in AUDIENCES:
        await story.mailed(audience, "Closed: Checkout is down")


async def _so(holds: Any) -> bool:
    return bool(holds)


async def test_a_priority_1_from_its_declaration_to_its_closure(story: Story) -> None:
    await _reachable(story)
    await _on_call(story)
    await _promoted(story)
    await _commanded(story)
    await _informed(story)
    await _closed(story)
    for audience in AUDIENCES:
        told = story.mails(audience, "INC-1")
        assert len(told) == len(set(told)) == 6, "five updates and the closing notice, each once"
    assert await story.timeline("incident.nobody_answered") == []
    client = story.client(story.notification_url, "max")
    escalations = (await client.get("/v1/notification/escalations")).json()["items"]
    assert {each["status"] for each in escalations} == {"acknowledged", "stopped"}
