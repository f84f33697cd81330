"""Grafana's webhook contact point: its own fields kept, its organisations apart."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.incident.alerts.desk import Desk, open_desk
from tests.support.postgres import Databases

PATH = "/v1/alerts/grafana"
NO_TIME = "0001-01-01T00:00:00Z"


@pytest.fixture(scope="module")
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    async with open_desk(databases) as found:
        yield found


def notification(group: str, *alerts: dict[str, Any], org: int = 1) -> dict[str, Any]:
    """As Grafana 12 writes it."""
    return {
        "receiver": "Tocsin",
        "status": "firing",
        "orgId": org,
        "alerts": list(alerts),
        "groupLabels": {"alertname": "CPU", "grafana_folder": "Shop"},
        "commonLabels": {"alertname": "CPU", "grafana_folder": "Shop"},
        "commonAnnotations": {},
        "externalURL": "http://grafana.example/",
        "version": "1",
        "groupKey": f'{{}}/{{}}:{{alertname="CPU", run="{group}"}}',
        "truncatedAlerts": 0,
        "title": "[FIRING:1] CPU Shop",
        "state": "alerting",
        "message": "**Firing**",
    }


def alert(status: str = "firing", ends: str = NO_TIME, **more: Any) -> dict[str, Any]:
    """With the offset and the nanoseconds that Grafana writes."""
    return {
        "status": status,
        "labels": {"alertname": "CPU", "grafana_folder": "Shop", "service": "shop"},
        "annotations": {"summary": "CPU above 90 %", "description": "For 10 minutes"},
        "startsAt": "2026-11-22T11:51:03.157076123+02:00",
        "endsAt": ends,
        "generatorURL": "http://grafana.example/alerting/grafana/a1/view?orgId=1",
        "fingerprint": "c6eadffa33fcdf37",
        "silenceURL": "http://grafana.example/alerting/silence/new",
        "dashboardURL": "http://grafana.example/d/d1?orgId=1",
        "panelURL": "http://grafana.example/d/d1?orgId=1&viewPanel=4",
        "imageURL": "http://grafana.example/image.png",
        "values": {"B": 93.2, "C": 1},
        "valueString": "[ var='B' value=93.2 ]",
    } | more


async def test_an_alert_fires_and_recovers(desk: Desk) -> None:
    taken = await desk.post(PATH, notification("a", alert()))
    assert taken["outcome"] == "declared"
    shown = await desk.incident(taken["number"])
    assert (shown["title"], shown["service"], shown["source"]) == (
        "CPU above 90 %",
        "shop",
        "grafana",
    )
    assert shown["milestones"]["started"] == "2026-11-22T09:51:03.157076Z"
    assert (await desk.post(PATH, notification("a", alert())))["outcome"] == "duplicate"
    over = alert("resolved", "2026-11-22T10:00:00.5Z", values=None)
    assert (await desk.post(PATH, notification("a", over)))["status"] == "resolved"


async def test_all_that_grafana_says_is_kept(desk: Desk) -> None:
    taken = await desk.post(PATH, notification("kept", alert()))
    page = (await desk.people.get(f"/v1/incidents/{taken['number']}/alerts")).json()
    more = page["items"][0]["more"]
    assert more["values"] == {"B": 93.2, "C": 1}
    assert {"silenceURL", "dashboardURL", "panelURL", "imageURL", "valueString"} <= more.keys()
    (attached,) = await desk.events(taken["number"], "incident.alerts_attached")
    assert attached["more"]["title"] == "[FIRING:1] CPU Shop"
    assert attached["more"]["orgId"] == 1


async def test_organisations_are_kept_apart(desk: Desk) -> None:
    one = await desk.post(PATH, notification("orgs", alert()))
    two = await desk.post(PATH, notification("orgs", alert(), org=2))
    assert one["incident"] != two["incident"]


async def test_its_own_trial_without_a_group_of_alerts_is_heard(desk: Desk) -> None:
    assert (await desk.post(PATH, notification("empty")))["outcome"] == "duplicate"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"orgId": "one"}, "/orgId"),
        ({"receiver": None}, "/receiver"),
        ({"alerts": {}}, "/alerts"),
        ({"alerts": [{"status": "pending"}]}, "/alerts/0/status"),
        ({"alerts": [{"status": "firing", "startsAt": 7}]}, "/alerts/0/startsAt"),
    ],
)
async def test_what_is_wrong_is_named(desk: Desk, wrong: dict[str, Any], pointer: str) -> None:
    answer = await desk.monitor.post(PATH, json=notification("wrong") | wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_an_api_key_in_the_address(desk: Desk) -> None:
    made = await desk.service.client("admin").post(
        "/v1/api-keys", json={"name": "Grafana", "roles": ["service"]}
    )
    path = f"/v1/alerts/by-key/{made.json()['key']}/grafana"
    nobody = desk.service.client(None)
    assert (await nobody.post(path, json=notification("key", alert()))).status_code == 200
