"""The monitor of the story: a real Alertmanager where one is installed, else what it would post."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from services.cli.story.teller import Teller
from shared.client import HTTPError, new_client
from shared.process import free_port

LABELS = {"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"}
_SUMMARY = {"summary": "Checkout answers with errors"}
_CONFIG = """
route:
  receiver: tocsin
  group_by: [alertname, run]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
receivers:
- name: tocsin
  webhook_configs:
  - url: {url}/v1/alerts/alertmanager
    send_resolved: true
    http_config:
      authorization:
        credentials: {token}
"""


class Monitor(Protocol):
    """What makes alerts."""

    name: str

    async def fire(self) -> None:
        """The trouble has begun."""
        ...


@asynccontextmanager
async def monitor(teller: Teller) -> AsyncIterator[Monitor]:
    """The best there is on this machine."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        yield _Imitation(teller)
        return
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = await _started(program, Path(folder), port, teller)
        try:
            yield _Alertmanager(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            await process.wait()


async def _started(
    program: str, folder: Path, port: int, teller: Teller
) -> asyncio.subprocess.Process:
    config = folder / "alertmanager.yml"
    config.touch(0o600)
    config.write_text(_CONFIG.format(url=teller.url, token=teller.token("service")))
    return await asyncio.create_subprocess_exec(
        program,
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


class _Alertmanager:
    name = "a real Alertmanager"

    def __init__(self, url: str) -> None:
        self._url = url

    async def fire(self) -> None:
        """As Prometheus would: the alert, without an end."""
        alert = {"labels": _fresh_labels(), "annotations": _SUMMARY}
        async with new_client() as client:
            for _ in range(200):
                try:
                    answer = await client.post(f"{self._url}/api/v2/alerts", json=[alert])
                except HTTPError:
                    await asyncio.sleep(0.1)
                    continue
                answer.raise_for_status()
                return


class _Imitation:
    name = "a payload of Alertmanager's shape (none is installed here)"

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    async def fire(self) -> None:
        """What Alertmanager posts when a group begins to fire."""
        await self._teller.post("service", "/v1/alerts/alertmanager", _payload(_fresh_labels()))


def _fresh_labels() -> dict[str, str]:
    """Each demo's own alert: an earlier demo's incident is not reopened."""
    return LABELS | {"run": datetime.now(UTC).strftime("%H%M%S")}


def _payload(labels: dict[str, str]) -> dict[str, Any]:
    started = datetime.now(UTC) - timedelta(minutes=1)
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": _SUMMARY,
        "startsAt": started.isoformat().replace("+00:00", "Z"),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": f"{hash(json.dumps(labels)) & 0xFFFFFFFFFFFFFFFF:016x}",
    }
    return {
        "version": "4",
        "groupKey": f"{{}}:{{run={labels['run']}}}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "tocsin",
        "groupLabels": labels,
        "commonLabels": labels,
        "commonAnnotations": _SUMMARY,
        "externalURL": "",
        "alerts": [alert],
    }
