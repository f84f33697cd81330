"""A real Alertmanager tells of a real alert: declared when it fires, resolved when it ends."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, HTTPError, new_client
from shared.process import free_port
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import listening

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Alertmanager here: apt install prometheus-alertmanager"
)
CONFIG = """
route:
  receiver: tocsin
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 300ms
  repeat_interval: 500ms
receivers:
- name: tocsin
  webhook_configs:
  - url: {url}
    send_resolved: true
"""


@pytest.fixture
async def heard(databases: Databases) -> AsyncIterator[tuple[RunningService, str]]:
    async with listening("incident", databases) as service:
        yield service


@contextmanager
def alertmanager(folder: Path, webhook: str) -> Iterator[str]:
    """Its address; it tells every group to this webhook."""
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG.format(url=webhook))
    port = free_port()
    process = subprocess.Popen(
        [
            str(PROGRAM),
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


async def until(
    check: Callable[[], Awaitable[list[dict[str, Any]]]], expected: list[tuple[str, int]]
) -> None:
    """The incidents by status and count of reopenings; the test's time limit ends this."""
    while True:
        items = await check()
        if [(item["status"], item["reopen_count"]) for item in items] == expected:
            return
        await asyncio.sleep(0.1)


async def told(address: str, starts: datetime, ends: datetime | None = None) -> None:
    """As Prometheus tells an alert."""
    alert = {
        "labels": {"alertname": "DiskFull", "severity": "warning", "service": "storage"},
        "annotations": {"summary": "The disk of db-1 is nearly full"},
        "startsAt": starts.isoformat(),
    }
    if ends is not None:
        alert["endsAt"] = ends.isoformat()
    async with new_client() as client:
        while not await is_taken(client, f"{address}/api/v2/alerts", [alert]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def is_taken(client: AsyncClient, url: str, alerts: list[dict[str, Any]]) -> bool:
    """False while it is being started."""
    try:
        answer = await client.post(url, json=alerts)
    except HTTPError:
        return False
    return answer.is_success


async def test_from_firing_to_recovery_and_back(
    heard: tuple[RunningService, str], tmp_path: Path
) -> None:
    service, base = heard
    webhook = f"{base}/v1/alerts/by-key/{await new_key(service)}/alertmanager"
    responder = service.client(Role.RESPONDER)

    async def incidents() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await responder.get("/v1/incidents")).json()["items"]
        return found

    with alertmanager(tmp_path, webhook) as address:
        began = datetime.now(UTC)
        await told(address, began)
        await until(incidents, [("new", 0)])
        await told(address, began, ends=datetime.now(UTC))
        await until(incidents, [("resolved", 0)])
        await told(address, datetime.now(UTC))
        await until(incidents, [("in_progress", 1)])
    (incident,) = await incidents()
    assert incident["title"] == "The disk of db-1 is nearly full"
    assert incident["milestones"]["started"] == began.isoformat().replace("+00:00", "Z")


async def new_key(service: RunningService) -> str:
    answer = await service.client(Role.ADMIN).post(
        "/v1/api-keys", json={"name": "Alertmanager", "roles": ["service"]}
    )
    return str(answer.json()["key"])
