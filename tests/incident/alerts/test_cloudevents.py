"""CloudEvents of the official SDK, in each content mode, and by the places that rules name."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.incident.alerts.desk import Desk, open_desk
from tests.support.postgres import Databases

PATH = "/v1/alerts/cloudevents"
BATCH = {"content-type": "application/cloudevents-batch+json"}
STRUCTURED = {"content-type": "application/cloudevents+json"}
T0 = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    async with open_desk(databases) as found:
        yield found


def event(kind: str = "com.example.probe.failed", minute: float = 0, **more: Any) -> CloudEvent:
    """Of the SDK."""
    told = {"type": kind, "source": "/probes/7", "subject": "login"} | more
    data = told.pop("data", {"summary": "Login fails", "severity": "critical", "service": "shop"})
    told["time"] = T0 + timedelta(minutes=minute)
    return CloudEvent(attributes=told, data=data)


def timeless(told: CloudEvent) -> Any:
    """Without a time, which the SDK always sets."""
    message = to_binary_event(told)
    del message.headers["ce-time"]
    return message


async def send(desk: Desk, message: Any) -> dict[str, Any]:
    answer = await desk.monitor.post(PATH, content=message.body, headers=message.headers)
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


@pytest.mark.parametrize("mode", [to_binary_event, to_structured_event])
async def test_an_event_of_the_sdk_fires_and_another_ends_it(desk: Desk, mode: Any) -> None:
    fired = await send(desk, mode(event()))
    shown = await desk.incident(fired["number"])
    assert (shown["title"], shown["service"], shown["priority"]) == ("Login fails", "shop", 2)
    assert shown["milestones"]["started"] == "2026-03-01T10:00:00Z"
    assert (await send(desk, mode(event())))["outcome"] == "duplicate"
    over = event("com.example.probe.failed", 5, data={"status": "resolved"})
    assert (await send(desk, mode(over)))["status"] == "resolved"
    again = await send(desk, mode(event(minute=10)))
    assert (again["outcome"], again["incident"]) == ("reopened", fired["incident"])


async def test_attributes_are_decoded_and_data_need_not_be_json(desk: Desk) -> None:
    told = event(
        subject="Zürich 100 %", datacontenttype="text/plain", data="Der Server brennt", team="rot"
    )
    taken = await send(desk, to_binary_event(told))
    page = (await desk.people.get(f"/v1/incidents/{taken['number']}/alerts")).json()
    (alert,) = page["items"]
    assert alert["labels"]["subject"] == "Zürich 100 %"
    assert alert["labels"]["team"] == "rot"
    assert alert["more"]["data"] == "Der Server brennt"
    assert alert["more"]["attributes"]["id"]


async def test_a_batch_is_taken_group_by_group(desk: Desk) -> None:
    many = [
        {"specversion": "1.0", "id": f"e{n}", "source": "s", "type": "t", "subject": f"g{n % 3}"}
        | {"time": f"2026-03-01T10:00:0{n}Z"}
        for n in range(9)
    ]
    answer = await desk.monitor.post(PATH, json=many, headers=BATCH)
    assert (answer.json()["declared"], answer.json()["attached"]) == (3, 9)
    again = await desk.monitor.post(PATH, json=many, headers=BATCH)
    assert again.json()["duplicates"] == 9
    nothing = await desk.monitor.post(PATH, json=[], headers=BATCH)
    assert nothing.status_code == 200


async def test_nothing_of_a_batch_is_taken_where_one_event_is_wrong(desk: Desk) -> None:
    good = {"specversion": "1.0", "id": "e", "source": "s", "type": "t"}
    answer = await desk.monitor.post(PATH, json=[good, good | {"type": ""}], headers=BATCH)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/1/type", "detail": "is missing"}]
    assert await desk.numbers() == []


async def test_without_a_time_the_order_of_arrival_decides(desk: Desk) -> None:
    fired = await send(desk, timeless(event()))
    assert (fired["declared"], (await send(desk, timeless(event())))["outcome"]) == (1, "duplicate")
    over = timeless(event("com.example.probe.resolved"))
    assert (await send(desk, over))["status"] == "resolved"
    assert (await send(desk, timeless(event())))["outcome"] == "reopened"


async def test_an_end_that_overtakes_its_beginning_leaves_nothing_open(desk: Desk) -> None:
    await send(desk, to_structured_event(event("x.disk.resolved", 5)))
    late = await send(desk, to_structured_event(event("x.disk.full", 0)))
    assert late["status"] == "resolved"


async def test_the_type_names_the_group_where_there_is_no_subject(desk: Desk) -> None:
    told = {"specversion": "1.0", "id": "1", "source": "s", "time": "2026-03-01T10:00:00Z"}
    fired = await desk.monitor.post(
        PATH, json=told | {"type": "org.disk.firing"}, headers=STRUCTURED
    )
    later = told | {"type": "org.disk.resolved", "time": "2026-03-01T10:05:00Z"}
    ended = await desk.monitor.post(PATH, json=later, headers=STRUCTURED)
    assert ended.json()["incident"] == fired.json()["incident"]
    assert ended.json()["status"] == "resolved"


async def test_rules_name_the_places(desk: Desk) -> None:
    places = {
        "receiver": ["type"],
        "group_key": ["data.alarm.cluster", "tenant"],
        "fingerprint": ["data.alarm.id"],
        "status": ["data.alarm.phase"],
        "ended": ["gone"],
        "title": ["data.alarm.text"],
    }
    await desk.rules(cloudevents=places)
    alarm = {"cluster": "c1", "id": 7, "phase": "on", "text": "Hot"}
    one = await send(desk, to_structured_event(event(tenant="a", data={"alarm": alarm})))
    two = await send(desk, to_structured_event(event(tenant="b", data={"alarm": alarm})))
    assert one["incident"] != two["incident"]
    assert (await desk.incident(one["number"]))["title"] == "Hot"
    gone = event(tenant="a", minute=5, data={"alarm": alarm | {"phase": "gone"}})
    assert (await send(desk, to_structured_event(gone)))["status"] == "resolved"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "application/cloudevents+xml"}, b"<event/>"),
        (STRUCTURED, b"[]"),
        (STRUCTURED, b'{"id": "a"}'),
        (STRUCTURED, b"\xff"),
        (STRUCTURED, b'{"specversion":"1.0","id":"a","source":"s","type":"t","time":"never"}'),
        (STRUCTURED, b'{"specversion":"2.0","id":"a","source":"s","type":"t"}'),
        (STRUCTURED, b'{"specversion":"1.0","id":"a","source":"s","type":"t","Bad-Name":1}'),
        (STRUCTURED, b'{"specversion":"1.0","id":"a","source":"s","type":"t","ext":{}}'),
        (STRUCTURED, b'{"specversion":"1.0","id":"a","source":"s","type":"t","data_base64":7}'),
        (BATCH, b'{"id": "a"}'),
        ({"ce-specversion": "1.0", "ce-id": "%ff", "ce-source": "s", "ce-type": "t"}, b""),
        ({"ce-specversion": "1.0", "ce-id": "a", "ce-source": "%00", "ce-type": "t"}, b""),
        ({"ce-specversion": "1.0", "ce-id": "a"}, b""),
    ],
)
async def test_what_is_no_event_is_refused(
    desk: Desk, headers: dict[str, str], body: bytes
) -> None:
    answer = await desk.monitor.post(PATH, content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
