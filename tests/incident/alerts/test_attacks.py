"""What should not come comes: refused with a reason or taken as it is meant, never a failure."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.incident.alerts.desk import RULES, Desk, open_desk
from tests.incident.alerts.monitor import PATH, ended, firing, webhook
from tests.support.postgres import Databases
from tests.support.started import rows

GRAFANA = "/v1/alerts/grafana"


@pytest.fixture(scope="module")
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    async with open_desk(databases) as found:
        yield found


@pytest.mark.parametrize("path", [PATH, GRAFANA])
@pytest.mark.parametrize(
    "change",
    [
        {"startsAt": "0001-01-01T00:00:00+14:00"},
        {"startsAt": "9999-12-31T23:59:59.999999999-12:00"},
        {"startsAt": "2026-03-01T10:00:00.123456789Z", "endsAt": "2026-03-01T09:00:00Z"},
        {"startsAt": "9990-01-01T00:00:00Z"},
        {"startsAt": "1970-01-01T00:00:00Z"},
        {"startsAt": "", "endsAt": None},
        {"labels": {"alertname": "x" * 10_000, "\u202eevil": "\x1b[31m", "": ""}},
        {"labels": {}, "annotations": {"summary": "\n\t \x07"}},
        {"labels": {f"l{n}": "v" * 300 for n in range(500)}},
        {"fingerprint": ""},
        {"generatorURL": "javascript:alert(1)"},
        {"values": {"B": 1e308}, "deep": [[[[[[1]]]]]]},
    ],
)
async def test_odd_alerts_are_taken(desk: Desk, path: str, change: dict[str, Any]) -> None:
    group = f"{path} {sorted(change)} {len(str(change))}"
    taken = await desk.post(path, webhook(firing() | change, group=group))
    assert taken["outcome"] in ("declared", "attached", "duplicate")
    if taken["number"]:
        assert (await desk.incident(taken["number"]))["title"]


@pytest.mark.parametrize("path", [PATH, GRAFANA, "/v1/alerts/cloudevents"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b'"text"',
        b"\xff\xfe",
        b'{"receiver": "\\ud800"}',
        b'{"receiver": "a\\u0000b", "groupKey": "g", "alerts": []}',
        b'{"receiver": 7, "groupKey": [], "alerts": {}}',
        b"[" * 100_000,
        b'{"a":' * 5_000,
        json.dumps(webhook(firing() | {"labels": ["a"]})).encode(),
        json.dumps(webhook(firing() | {"labels": {"a": None}})).encode(),
        json.dumps(webhook(firing() | {"fingerprint": "f" * 300})).encode(),
        json.dumps(webhook(firing() | {"startsAt": 12})).encode(),
        json.dumps(webhook(firing() | {"startsAt": "2026-03-01T10:00:00"})).encode(),
        json.dumps(webhook(firing() | {"status": None})).encode(),
    ],
)
async def test_wrong_bodies_are_refused_and_nothing_is_stored(
    desk: Desk, path: str, body: bytes
) -> None:
    before = await rows(desk.service.database, "select position from log")
    headers = {"content-type": "application/json"}
    answer = await desk.monitor.post(path, content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await rows(desk.service.database, "select position from log") == before


async def test_one_wrong_alert_among_many_spoils_all_of_them(desk: Desk) -> None:
    many = [firing(0, f"f{n}") for n in range(500)]
    many[499] = many[499] | {"status": "maybe"}
    answer = await desk.monitor.post(PATH, json=webhook(*many, group="spoilt"))
    assert answer.json()["errors"][0]["pointer"] == "/alerts/499/status"
    assert (await desk.tell("spoilt", *many[:499]))["attached"] == 499


async def test_two_peers_tell_the_same_at_once(desk: Desk) -> None:
    taken = await asyncio.gather(*(desk.tell("peers", firing()) for _ in range(2)))
    assert sorted(each["outcome"] for each in taken) == ["declared", "duplicate"]


async def test_an_end_comes_before_its_beginning(desk: Desk) -> None:
    assert (await desk.tell("reversed", ended(0, 5)))["outcome"] == "heard"
    late = await desk.tell("reversed", firing(0))
    assert (late["outcome"], late["status"]) == ("declared", "resolved")
    (attached,) = await desk.events(late["number"], "incident.alerts_attached")
    assert [each["status"] for each in attached["alerts"]] == ["resolved", "firing"]
    page = (await desk.people.get(f"/v1/incidents/{late['number']}/alerts")).json()
    assert [each["status"] for each in page["items"]] == ["resolved"]


@pytest.mark.parametrize(
    "rule",
    [
        {"match": [{"label": "a", "matches": "(a+)+$"}]},
        {"match": [{"label": "a", "matches": "(?:a|a)*"}]},
        {"match": [{"label": "a", "matches": "a*a*a*a*b"}]},
        {"match": [{"label": "a", "matches": "x{1000}"}]},
        {"match": [{"label": "a", "matches": "[a"}]},
        {"match": [{"label": "a"}]},
        {"match": [{"label": "a", "one_of": []}]},
        {"match": [{"label": "a", "one_of": ["b"], "equals": "b"}]},
        {"group_by": [""]},
        {"group_window_minutes": 0},
        {"impact": 1},
    ],
)
async def test_rules_that_could_harm_are_refused(desk: Desk, rule: dict[str, Any]) -> None:
    answer = await desk.manager.put(RULES, json={"rules": [rule]})
    assert answer.status_code == 422


async def test_rules_whose_patterns_together_are_too_much_work_are_refused(desk: Desk) -> None:
    twice = [{"match": [{"label": "a", "matches": f".*{n}.*y"}]} for n in range(21)]
    many = [{"match": [{"label": "a", "matches": "|".join("x" * 80)}]} for _ in range(26)]
    for rules in (twice, many):
        answer = await desk.manager.put(RULES, json={"rules": rules})
        assert answer.json()["errors"][0]["pointer"] == "/rules"


async def test_the_slowest_rules_there_may_be_take_alerts_in_time(desk: Desk) -> None:
    twice = [{"match": [{"label": "a", "matches": f".*x.*{n}y"}]} for n in range(20)]
    many = [{"match": [{"label": "a", "matches": "|".join([f"x+{n}"] * 20)}]} for n in range(90)]
    await desk.rules(rules=[*twice, *many, {"group_by": ["a"]}])
    told = [firing(0, f"f{n}", a="x" * (1_000 - n)) for n in range(10)]
    assert (await desk.tell("slow", *told))["attached"] == 10
    await desk.rules()


async def test_rules_that_match_everything_make_one_group_of_everything(desk: Desk) -> None:
    await desk.rules(rules=[{"match": [], "group_by": ["nothing-has-this"]}])
    one = await desk.tell("e1", firing())
    two = await desk.tell("e2", firing(0, "f2"), receiver="other")
    assert two["incident"] == one["incident"]
    await desk.rules()
