"""Clients of PagerDuty and Opsgenie as their makers ship them, each in a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import listening
from tests.support.tls import secured

PAGERDUTY = Path(sys.executable).with_name("pagerduty")


class Desk:
    """A listening service, a key for a sender, and the incidents that it made."""

    def __init__(self, service: RunningService, base: str, key: str) -> None:
        self.base, self.key = base, key
        self.port = int(base.rsplit(":", maxsplit=1)[-1])
        self._people: AsyncClient = service.client("responder")

    async def incidents(self, source: str) -> list[dict[str, Any]]:
        params = {"source": source, "sort": "created_at"}
        items = (await self._people.get("/v1/incidents", params=params)).json()["items"]
        return [(await self._people.get(f"/v1/incidents/{i['id']}")).json() for i in items]


@pytest.fixture(scope="module")
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    async with listening("incident", databases) as (service, base):
        told = {"name": "Monitor", "roles": ["service"], "short": True}
        made = await service.client("admin").post("/v1/api-keys", json=told)
        yield Desk(service, base, made.json()["key"])


async def run(*command: str, **environment: str) -> tuple[int | None, str]:
    """Its exit code, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.skipif(not PAGERDUTY.exists(), reason="the PyPI package pagerduty is not installed")
async def test_the_pagerduty_command_line(desk: Desk, tmp_path: Path) -> None:
    async with secured(tmp_path, desk.port) as tls:

        async def pagerduty(*more: str, key: str = desk.key) -> tuple[int | None, str]:
            trust = {"SSL_CERT_FILE": str(tls.authority)}
            arguments = [str(PAGERDUTY), *more, "-k", key, "--base-url", tls.base]
            return await run(*arguments, **trust)

        what = ("--description", "The disk is full", "--source", "db-1", "-i", "disk")
        code, said = await pagerduty("trigger", *what)
        assert (code, said.strip()) == (
            0,
            "Alert triggered successfully. Deduplication key: disk",
        ), said
        code, said = await pagerduty("trigger", *what)
        assert code == 0, said
        (incident,) = await desk.incidents("pagerduty")
        assert (incident["title"], incident["status"]) == ("The disk is full", "new")
        assert (await pagerduty("acknowledge", "-i", "disk"))[0] == 0
        (incident,) = await desk.incidents("pagerduty")
        assert incident["status"] == "in_progress"
        assert (await pagerduty("resolve", "-i", "disk"))[0] == 0
        (incident,) = await desk.incidents("pagerduty")
        assert incident["milestones"]["mitigated"]
        code, said = await pagerduty("trigger", *what[:4])
        assert code == 0
        assert len(await desk.incidents("pagerduty")) == 2
        code, said = await pagerduty("trigger", *what, key="0" * 32)
        assert code == 1
        assert "Invalid routing key" in said


STORY = """
import json, sys
import opsgenie_sdk as opsgenie

base, key = sys.argv[1:]
configuration = opsgenie.Configuration()
configuration.host = base
configuration.api_key["Authorization"] = key
configuration.retry_enabled = False
api = opsgenie.AlertApi(opsgenie.ApiClient(configuration=configuration))

body = opsgenie.CreateAlertPayload(
    message="disk full", alias="a1", priority="P1", source="db-1", tags=["x"], details={"k": "v"}
)
created = api.create_alert(create_alert_payload=body)
again = api.create_alert(create_alert_payload=body)
named = dict(identifier="a1", identifier_type="alias")
acknowledged = api.acknowledge_alert(
    acknowledge_alert_payload=opsgenie.AcknowledgeAlertPayload(user="neo", note="mine"), **named
)
noted = api.add_note(
    add_note_to_alert_payload=opsgenie.AddNoteToAlertPayload(note="looking"), **named
)
alert = created.retrieve_resulting_action().data
closed = api.close_alert(identifier=created.id, close_alert_payload=opsgenie.CloseAlertPayload())
results = [r.retrieve_result().data for r in (created, again, acknowledged, noted, closed)]
try:
    configuration.api_key["Authorization"] = "nobody"
    api.create_alert(create_alert_payload=body)
    refused = None
except opsgenie.exceptions.AuthenticationException as failure:
    refused = [failure.status, json.loads(failure.body)["message"]]
print(json.dumps({
    "results": [[r.is_success, r.action, r.alias, r.alert_id] for r in results],
    "alert": [alert.id, alert.alias, alert.message, alert.status, alert.acknowledged,
              alert.tags, alert.priority, alert.details, alert.source],
    "refused": refused,
}))
"""


@pytest.mark.skipif(find_spec("opsgenie_sdk") is None, reason="opsgenie-sdk is not installed")
async def test_the_opsgenie_sdk(desk: Desk) -> None:
    code, said = await run(sys.executable, "-c", STORY, desk.base, desk.key)
    assert code == 0, said
    told = json.loads(said.splitlines()[-1])
    made = told["results"][0][3]
    actions = ["Create", "Create", "Acknowledge", "AddNote", "Close"]
    assert told["results"] == [[True, action, "a1", made] for action in actions]
    (incident,) = await desk.incidents("opsgenie")
    assert (incident["title"], incident["priority"]) == ("disk full", 1)
    assert incident["status"] == "in_progress"
    assert incident["milestones"]["mitigated"]
    assert told["refused"] == [401, "Could not authenticate"]
    alert = [made, "a1", "disk full", "open", True, ["x"], "P1", {"k": "v"}, "db-1"]
    assert told["alert"] == alert
