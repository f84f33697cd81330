"""What Alertmanager would post, made for a test; and its real captures where they are at hand."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

PATH = "/v1/alerts/alertmanager"
NO_TIME = "0001-01-01T00:00:00Z"
START = datetime(2026, 3, 1, 10, 0, 0, 123456, UTC)


def at(minutes: float) -> str:
    """RFC 3339 with nanoseconds, so many minutes after the story's start."""
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def kept(minutes: float) -> str:
    """The same moment as it is stored and shown, to the microsecond."""
    return at(minutes).removesuffix("789Z") + "Z"


def firing(since: float = 0, fingerprint: str = "f1", **labels: str) -> dict[str, Any]:
    return _alert("firing", at(since), NO_TIME, fingerprint, labels)


def ended(
    since: float = 0, until: float = 5, fingerprint: str = "f1", **labels: str
) -> dict[str, Any]:
    return _alert("resolved", at(since), at(until), fingerprint, labels)


def webhook(
    *alerts: Mapping[str, Any], group: str = "g1", receiver: str = "tocsin"
) -> dict[str, Any]:
    """One notification of a group."""
    statuses = {alert["status"] for alert in alerts}
    return {
        "version": "4",
        "receiver": receiver,
        "groupKey": f'{{}}:{{run="{group}"}}',
        "status": "firing" if "firing" in statuses else "resolved",
        "truncatedAlerts": 0,
        "groupLabels": {"run": group},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://monitor.example",
        "alerts": list(alerts),
    }


def captured(name: str) -> dict[str, Any]:
    """A payload that a real Alertmanager sent; skips where the captures are not at hand."""
    beside = Path(__file__).parents[4] / "shared" / "data"
    file = Path(os.environ.get("TOCSIN_TEST_DATA", beside)) / "payloads" / f"{name}.json"
    if not file.exists():
        pytest.skip(f"{file} is not there: set TOCSIN_TEST_DATA to the folder of the captures")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _alert(
    status: str, starts: str, ends: str, fingerprint: str, labels: dict[str, str]
) -> dict[str, Any]:
    named = {"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"}
    return {
        "status": status,
        "labels": named | labels,
        "annotations": {"summary": "Checkout answers with errors", "runbook": "rb-7"},
        "startsAt": starts,
        "endsAt": ends,
        "generatorURL": "http://monitor.example/graph",
        "fingerprint": fingerprint,
    }
