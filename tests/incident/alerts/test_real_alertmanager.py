"""A real Alertmanager tells of a real alert, by its three ways to tell; then two peers at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.incident.app import create_app
from services.notification.app import create_app as create_notification_app
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.process import free_port
from shared.settings import Settings
from tests.incident.alerts.alertmanagers import alertmanager, attempts, needed, peers, told
from tests.support.postgres import Databases
from tests.support.server import running
from tests.support.service import RunningService, prepare_home, running_service
from tests.support.started import NOBODY, listening
from tests.support.until import until

pytestmark = needed
SOURCES = ("alertmanager", "opsgenie", "pagerduty")
RECEIVERS = """
  webhook_configs:
  - url: {base}/v1/alerts/by-key/{key}/alertmanager
    send_resolved: true
  pagerduty_configs:
  - url: {base}/v2/enqueue
    routing_key: {key}
    severity: warning
    send_resolved: true
  opsgenie_configs:
  - api_url: {base}/
    api_key: {key}
    send_resolved: true
"""


async def new_key(service: RunningService) -> str:
    wanted = {"name": "Alertmanager", "roles": ["service"], "short": True}
    answer = await service.client(Role.ADMIN).post("/v1/api-keys", json=wanted)
    return str(answer.json()["key"])


def standing(people: AsyncClient) -> Callable[[], Awaitable[list[tuple[str, str, int]]]]:
    """Of each incident its source, status and count of reopenings."""

    async def look() -> list[tuple[str, str, int]]:
        items = (await people.get("/v1/incidents")).json()["items"]
        return sorted((i["source"], i["status"], i["reopen_count"]) for i in items)

    return look


def each(status: str, count: int = 0) -> list[tuple[str, str, int]]:
    return [(source, status, count) for source in SOURCES]


async def test_from_firing_to_recovery_and_back(databases: Databases, tmp_path: Path) -> None:
    async with listening("incident", databases) as (service, base):
        people = service.client(Role.RESPONDER)
        look = standing(people)

        async def stands(status: str, count: int = 0) -> None:
            async def so() -> bool:
                return await look() == each(status, count)

            await until(so)

        receivers = RECEIVERS.format(base=base, key=await new_key(service))
        with alertmanager(tmp_path, receivers) as address:
            began = datetime.now(UTC)
            await told(address, began)
            await stands("new")
            await told(address, began, ends=datetime.now(UTC))
            await stands("resolved")
            await told(address, datetime.now(UTC))
            await stands("in_progress", 1)
        items = (await people.get("/v1/incidents")).json()["items"]
        shown = {i["source"]: (await people.get(f"/v1/incidents/{i['id']}")).json() for i in items}
        first = shown["alertmanager"]
        assert first["title"] == "The disk of db-1 is nearly full"
        assert first["milestones"]["started"] == began.isoformat().replace("+00:00", "Z")
        assert shown["opsgenie"]["service"] == "storage"
        assert {i["priority"] for i in shown.values()} == {3, 4}


class Pair:
    """An incident service that comes and goes, and a notification service that follows it."""

    def __init__(self, settings: Settings, port: int, issuer: Any, database: Any) -> None:
        self.port, self._settings = port, settings
        self._issuer, self._database = issuer, database

    @asynccontextmanager
    async def present(self) -> AsyncIterator[RunningService]:
        app = create_app(self._settings)
        async with running(app, port=self.port):
            yield RunningService(app, self._issuer, self._database, self._settings)


@pytest.fixture
async def pair(databases: Databases, tmp_path: Path) -> AsyncIterator[tuple[Pair, RunningService]]:
    home, port = tmp_path / "home", free_port()
    home.mkdir()
    issuer = prepare_home(home)
    incidents, notifications = [await databases.create(n) for n in ("incident", "notification")]
    made = Settings(
        home=home,
        local=True,
        log_level="error",
        incident_database_url=incidents.app,
        problem_url=NOBODY,
        notification_url=NOBODY,
    )
    told = {"incident_url": f"http://127.0.0.1:{port}", "problem_url": NOBODY}
    async with running_service(create_notification_app, notifications, home, **told) as service:
        yield Pair(made, port, issuer, incidents), service
    await databases.drop(incidents)
    await databases.drop(notifications)


async def subscribed(notifications: RunningService, person: str) -> None:
    admin = notifications.client(Role.ADMIN)
    contact = {"name": person, "person": person, "email": f"{person}@example.com"}
    made = await admin.post("/v1/contacts", json=contact)
    wanted = {"contact": made.json()["id"], "channel": "email", "facts": ["incident.declared"]}
    assert (await admin.post("/v1/subscriptions", json=wanted)).status_code == 201


async def test_two_peers_while_the_service_was_away(
    pair: tuple[Pair, RunningService], tmp_path: Path
) -> None:
    incidents, notifications = pair
    for person in ("ada", "grace"):
        await subscribed(notifications, person)
    async with incidents.present() as service:
        key = await new_key(service)
    base = f"http://127.0.0.1:{incidents.port}"
    with peers(tmp_path, RECEIVERS.format(base=base, key=key)) as addresses:
        began = datetime.now(UTC)
        await told(addresses, began)

        async def both_have_tried() -> bool:
            return min([await attempts(address) for address in addresses]) >= len(SOURCES)

        await until(both_have_tried)
        async with incidents.present() as service:
            look = standing(service.client(Role.RESPONDER))

            async def declared() -> bool:
                return await look() == each("new")

            async def resolved() -> bool:
                return await look() == each("resolved")

            await until(declared)
            await told(addresses, began, ends=datetime.now(UTC))
            await until(resolved)
            await asyncio.sleep(1)  # peers repeat and echo; nothing may come of it
            assert await look() == each("resolved")
            reader = notifications.client(Role.ADMIN)

            async def all_told() -> bool:
                return len((await reader.get("/v1/notifications")).json()["items"]) >= 6

            await until(all_told)
            found = (await reader.get("/v1/notifications")).json()["items"]
    told_to = sorted((n["about"], n["person"]) for n in found)
    assert len(told_to) == len(set(told_to)) == 6
