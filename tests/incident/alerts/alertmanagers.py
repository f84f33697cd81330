"""Debian's Alertmanager as it is shipped: one, or peers of a cluster."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.client import AsyncClient, HTTPError, new_client
from shared.process import free_port

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
needed = pytest.mark.skipif(
    PROGRAM is None, reason="no Alertmanager here: apt install prometheus-alertmanager"
)
ROUTE = """
route:
  receiver: tocsin
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 300ms
  repeat_interval: 500ms
receivers:
- name: tocsin
"""


@contextmanager
def alertmanager(folder: Path, receivers: str, *cluster: str) -> Iterator[str]:
    """Its address; it tells every group to these receivers."""
    folder.mkdir(exist_ok=True)
    config = folder / "alertmanager.yml"
    config.write_text(ROUTE + receivers)
    port = free_port()
    process = subprocess.Popen(
        [
            str(PROGRAM),
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            *(cluster or ["--cluster.listen-address="]),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def peers(folder: Path, receivers: str) -> Iterator[list[str]]:
    """Two of one cluster, which hardly wait for one another: both tell nearly everything."""
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                alertmanager(
                    folder / str(place),
                    receivers,
                    f"--cluster.listen-address=127.0.0.1:{ports[place]}",
                    f"--cluster.peer=127.0.0.1:{ports[1 - place]}",
                    "--cluster.peer-timeout=10ms",
                    "--cluster.gossip-interval=10ms",
                    "--cluster.settle-timeout=1s",
                )
            )
            for place in (0, 1)
        ]


async def told(
    addresses: str | Sequence[str], starts: datetime, ends: datetime | None = None
) -> None:
    """As Prometheus tells an alert: to every one it knows."""
    alert = {
        "labels": {"alertname": "DiskFull", "severity": "warning", "service": "storage"},
        "annotations": {"summary": "The disk of db-1 is nearly full"},
        "startsAt": starts.isoformat(),
    }
    if ends is not None:
        alert["endsAt"] = ends.isoformat()
    async with new_client() as client:
        for address in [addresses] if isinstance(addresses, str) else addresses:
            url = f"{address}/api/v2/alerts"
            while not await is_taken(client, url, [alert]):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def is_taken(client: AsyncClient, url: str, alerts: list[dict[str, Any]]) -> bool:
    """False while it is being started."""
    try:
        answer = await client.post(url, json=alerts)
    except HTTPError:
        return False
    return answer.is_success


async def attempts(address: str) -> int:
    """How many kinds of receivers it has tried to tell so far."""
    async with new_client() as client:
        metrics = (await client.get(f"{address}/metrics")).text
    name = "alertmanager_notification_requests_total{"
    lines = [line for line in metrics.splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(maxsplit=1)[-1]) > 0 for line in lines)
