"""From a declared incident to the timeline that says who was told, through both real services."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.incident.app import create_app as create_incident
from services.notification.app import create_app as create_notification
from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from shared.process import free_port
from shared.settings import Settings
from tests.conftest import NewDatabase
from tests.notification.sinks import SECRET, MailSink, WebhookSink
from tests.support.server import running
from tests.support.service import prepare_home

ROLES = (Role.INCIDENT_MANAGER, Role.RESPONDER, Role.NOTIFICATION_ADMIN)


@pytest.fixture
async def mail() -> AsyncIterator[MailSink]:
    async with MailSink().up() as sink:
        yield sink


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink().up() as sink:
        yield sink


@pytest.fixture
async def services(
    database: NewDatabase, tmp_path: Path, mail: MailSink
) -> AsyncIterator[tuple[AsyncClient, AsyncClient]]:
    """Clients of the incident service and of the notification service, which follow each other."""
    issuer, ports = prepare_home(tmp_path), [free_port() for _ in range(2)]
    told: dict[str, Any] = {
        "home": tmp_path,
        "local": True,
        "log_level": "error",
        "incident_port": ports[0],
        "problem_port": free_port(),
        "notification_port": ports[1],
        "incident_database_url": (await database("incident")).app,
        "notification_database_url": (await database("notification")).app,
        "smtp_url": mail.url,
        "outbound_allow": "127.0.0.0/8",
    }
    settings = Settings(**told)
    headers = {"authorization": f"Bearer {issuer.token('ada', ROLES)}"}
    async with (
        running(create_incident(settings), ports[0]) as incident_url,
        running(create_notification(settings), ports[1]) as notification_url,
        new_client(base_url=incident_url) as incidents,
        new_client(base_url=notification_url) as notifications,
    ):
        incidents.headers.update(headers)
        notifications.headers.update(headers)
        yield incidents, notifications


async def _post(client: AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _subscribed(client: AsyncClient, hook: WebhookSink) -> None:
    reached = {"email": "ada@example.com", "webhook": {"url": hook.url, "secret": SECRET}}
    contact = await _post(client, "/v1/contacts", {"name": "Ada"} | reached)
    for channel in reached:
        body = {"contact": contact["id"], "channel": channel, "facts": ["incident.resolved"]}
        await _post(client, "/v1/subscriptions", body | {"priorities": [1]})


async def test_who_was_told_stands_in_the_timeline(
    services: tuple[AsyncClient, AsyncClient], mail: MailSink, hook: WebhookSink
) -> None:
    incidents, notifications = services
    await _subscribed(notifications, hook)
    for urgency in (3, 1):
        await _resolved(incidents, urgency)
    told = await _told(incidents, "/v1/incidents/INC-2", 2)
    assert {entry["links"]["notification"] for entry in told} == {
        f"/v1/notifications/{call['id']}" for call in await _delivered(notifications)
    }
    assert [m["subject"] for m in mail.mails] == ["[INC-2] Trouble 1: resolved"]
    assert [call.verified()["data"]["number"] for call in hook.calls] == ["INC-2"]


async def _resolved(incidents: AsyncClient, urgency: int) -> None:
    body = {"title": f"Trouble {urgency}", "impact": 1, "urgency": urgency}
    path = f"/v1/incidents/{(await _post(incidents, '/v1/incidents', body))['id']}"
    await _post(incidents, f"{path}/resolve", {"code": "fixed", "summary": "Rolled back"})


async def _told(incidents: AsyncClient, path: str, count: int) -> list[dict[str, Any]]:
    while True:
        entries = (await incidents.get(f"{path}/timeline")).json()["items"]
        told = [entry for entry in entries if entry["kind"] == "incident.told"]
        if len(told) >= count:
            return told
        await asyncio.sleep(0.05)


async def _delivered(notifications: AsyncClient) -> list[dict[str, Any]]:
    answer = await notifications.get("/v1/notifications", params={"status": "delivered"})
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
