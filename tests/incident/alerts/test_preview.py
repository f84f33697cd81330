"""What a payload would do, told without doing it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.incident.alerts.cloud import TOPIC, alarm
from tests.incident.alerts.desk import Desk, open_desk
from tests.incident.alerts.monitor import ended, firing, webhook
from tests.incident.alerts.test_grafana import alert as grafana_alert
from tests.incident.alerts.test_grafana import notification as grafana
from tests.support.postgres import Databases
from tests.support.started import rows

PATH = "/v1/alerts/preview"


@pytest.fixture(scope="module")
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    async with open_desk(databases) as found:
        yield found


async def foreseen(desk: Desk, kind: str, payload: Any, **more: Any) -> list[dict[str, Any]]:
    told = {"format": kind, "payload": payload} | more
    answer = await desk.manager.post(PATH, json=told)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def log(desk: Desk) -> Any:
    return await rows(desk.service.database, "select position from log")


SNS = {
    "Type": "Notification",
    "MessageId": "m",
    "TopicArn": TOPIC,
    "Timestamp": "2026-11-22T10:00:00Z",
    "Message": alarm("ALARM"),
}
EVENT = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {"severity": "info"}}
PAGE = {"summary": "Down", "source": "web-1", "severity": "critical"}
PAYLOADS = [
    ("alertmanager", webhook(firing())),
    ("grafana", grafana("preview", grafana_alert())),
    ("cloudevents", EVENT),
    ("cloudevents", [EVENT]),
    ("sns", SNS),
    ("pagerduty", {"routing_key": "R", "event_action": "trigger", "payload": PAGE}),
    ("opsgenie", {"message": "Down", "priority": "P1"}),
]


@pytest.mark.parametrize(("kind", "payload"), PAYLOADS)
async def test_every_format_is_understood_and_nothing_is_stored(
    desk: Desk, kind: str, payload: Any
) -> None:
    before = await log(desk)
    (item,) = await foreseen(desk, kind, payload)
    assert (item["outcome"], item["attached"], item["version"]) == ("declared", 1, 1)
    assert item["title"]
    assert await log(desk) == before


async def test_draft_rules_are_tried_without_being_in_force(desk: Desk) -> None:
    draft = {"rules": [{"name": "all", "group_by": ["pod"], "impact": 1, "urgency": 1}]}
    alerts = [firing(0, f"f{n}", pod=f"p{n % 2}") for n in range(4)]
    items = await foreseen(desk, "alertmanager", webhook(*alerts, group="d"), rules=draft)
    assert [(i["rule"], i["version"], i["priority"], i["attached"]) for i in items] == [
        ("all", 0, 1, 2),
        ("all", 0, 1, 2),
    ]
    assert [item["group_key"] for item in items] == ['pod="p0"', 'pod="p1"']


async def test_it_tells_what_the_group_it_has_would_do(desk: Desk) -> None:
    taken = await desk.tell("known", firing())
    (again,) = await foreseen(desk, "alertmanager", webhook(firing(), group="known"))
    assert (again["outcome"], again["number"]) == ("duplicate", taken["number"])
    (over,) = await foreseen(desk, "alertmanager", webhook(ended(), group="known"))
    assert (over["outcome"], over["status"]) == ("attached", "resolved")
    assert (await desk.incident(taken["number"]))["status"] == "new"


async def test_maintenance_is_told(desk: Desk) -> None:
    await desk.maintenance("mended", minutes=60)
    (item,) = await foreseen(desk, "alertmanager", webhook(firing(service="mended"), group="m"))
    assert (item["outcome"], item["withheld"]) == ("withheld", 1)
    assert "in maintenance" in item["reason"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"format": "nagios", "payload": {}}, "/format"),
        ({"format": "alertmanager", "payload": {}}, "/payload/receiver"),
        ({"format": "alertmanager", "payload": 7}, "/payload"),
        ({"format": "cloudevents", "payload": [7]}, "/payload/0"),
        ({"format": "sns", "payload": {"Type": "x"}}, "/payload/MessageId"),
        ({"format": "alertmanager", "payload": webhook(), "rules": {"wrong": 1}}, "/rules/wrong"),
    ],
)
async def test_what_is_wrong_is_named(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    answer = await desk.manager.post(PATH, json=body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
