"""Schedules over HTTP: who is on call, as known now and as known then."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.cli.rebuild import rebuilt_models
from services.notification.app import DEFINITION
from shared.client import AsyncClient
from shared.clock import now
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

PATH = "/v1/schedules"
LAYER = {"people": ["ada", "bob"], "starts_on": "2026-03-27", "unit": "day"}
PAYMENTS: dict[str, Any] = {
    "key": "payments",
    "name": "Payments",
    "time_zone": "Europe/Berlin",
    "layers": [LAYER],
}


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("notification", databases) as running:
        yield running


@pytest.fixture
def admin(service: RunningService) -> AsyncClient:
    return service.client("notification_admin")


async def _added(admin: AsyncClient, key: str, **said: Any) -> str:
    answer = await admin.post(PATH, json=PAYMENTS | {"key": key} | said)
    assert answer.status_code == 201, answer.text
    return f"{PATH}/{key}"


async def _who(client: AsyncClient, path: str, at: Any, **more: Any) -> dict[str, Any]:
    asked = {"at": at.isoformat().replace("+00:00", "Z")} | more
    answer = await client.get(f"{path}/on-call", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_who_is_on_call_now_and_tomorrow(admin: AsyncClient) -> None:
    path = await _added(admin, "now")
    today = await _who(admin, path, now() + timedelta(seconds=1))
    tomorrow = await _who(admin, path, now() + timedelta(days=1))
    assert {today["person"], tomorrow["person"]} == {"ada", "bob"}
    assert (today["layer"], today["gap"]) == (0, None)
    assert today["until"] is not None


async def test_a_new_rotation_leaves_the_past_as_it_was_and_an_override_corrects_it(
    admin: AsyncClient,
) -> None:
    path = await _added(admin, "past", layers=[LAYER | {"people": ["ada"]}])
    then = now()
    answer = await admin.put(
        path, json=PAYMENTS | {"key": "past", "layers": [LAYER | {"people": ["cleo"]}]}
    )
    changed = answer.json()
    assert (await _who(admin, path, then))["person"] == "ada"
    assert (await _who(admin, path, now() + timedelta(seconds=1)))["person"] == "cleo"
    span = {"from": "2026-01-01T00:00:00Z", "until": then.isoformat().replace("+00:00", "Z")}
    corrected = await admin.post(f"{path}/override", json=span | {"person": "dan"})
    before = then - timedelta(microseconds=1)
    assert (await _who(admin, path, before))["person"] == "dan"
    known_then = await _who(admin, path, before, as_of=changed["position"])
    assert (known_then["person"], known_then["override"]) == ("ada", None)
    override = corrected.json()["overrides"][0]
    assert (override["person"], override["from"]) == ("dan", "2026-01-01T00:00:00Z")
    await admin.post(f"{path}/remove-override", json={"override": override["id"]})
    assert (await _who(admin, path, before))["person"] == "ada"


async def test_a_rotation_that_began_before_it_was_said_is_told_of_the_past(
    admin: AsyncClient,
) -> None:
    path = await _added(admin, "elsewhere", layers=[LAYER | {"starts_on": "2026-01-05"}])
    then = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert (await _who(admin, path, then))["person"] in LAYER["people"]
    changed = PAYMENTS | {"key": "elsewhere", "layers": [LAYER | {"people": ["zoe"]}]}
    assert (await admin.put(path, json=changed)).status_code == 200
    assert (await _who(admin, path, then))["person"] in LAYER["people"]
    assert (await _who(admin, path, datetime(2025, 12, 1, tzinfo=UTC)))["person"] is None


async def test_a_gap_is_stated(admin: AsyncClient) -> None:
    path = await _added(admin, "gap", layers=[])
    soon = now() + timedelta(seconds=1)
    assert (await _who(admin, path, soon))["gap"] == "the schedule has no rotation"
    long_ago = await _who(admin, path, now() - timedelta(days=9))
    assert long_ago["gap"] == "the schedule did not exist yet"
    assert (await admin.post(f"{path}/retire")).status_code == 200
    assert (await _who(admin, path, now()))["gap"] == "the schedule is retired"


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"people": []}, "/layers/0/people"),
        ({"handover": "24:00"}, "/layers/0/handover"),
        ({"time_zone": "Mars/Olympus"}, "/layers/0/time_zone"),
        ({"ends_on": "2026-03-27"}, "/layers/0"),
        ({"every": 400}, ""),
    ],
)
async def test_what_makes_no_rotation_is_refused(
    admin: AsyncClient, said: dict[str, Any], pointer: str
) -> None:
    layer = LAYER | said | ({"unit": "week"} if "every" in said else {})
    answer = await admin.post(PATH, json=PAYMENTS | {"key": "no", "layers": [layer]})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert (await admin.get(f"{PATH}/no")).status_code == 404


@pytest.mark.parametrize("until", ["2026-01-02T00:00:00Z", "2026-01-01T23:59:59Z"])
async def test_an_override_that_does_not_end_after_it_begins_is_refused(
    admin: AsyncClient, until: str
) -> None:
    path = await _added(admin, f"backwards-{until}")
    said = {"person": "dan", "from": "2026-01-02T00:00:00Z", "until": until}
    answer = await admin.post(f"{path}/override", json=said)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"] == [{"pointer": "/until", "detail": "must follow from"}]
    assert (await admin.get(path)).json()["overrides"] == []


async def test_shifts_and_a_calendar(admin: AsyncClient) -> None:
    path = await _added(admin, "calendar", name="Pay; ments, 24/7")
    start = now() + timedelta(minutes=1)
    span = {"from": start.isoformat().replace("+00:00", "Z")}
    span |= {"until": (start + timedelta(days=3)).isoformat().replace("+00:00", "Z")}
    items = (await admin.get(f"{path}/shifts", params=span)).json()["items"]
    assert [i["until"] for i in items[:-1]] == [i["from"] for i in items[1:]]
    told = await admin.get(f"{path}/calendar.ics", params=span)
    assert told.headers["content-type"] == "text/calendar; charset=utf-8"
    assert told.text.count("BEGIN:VEVENT") == len(items)
    assert "Pay\\; ments\\, 24/7" in told.text.replace("\r\n ", "")
    too_long = {"from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
    assert (await admin.get(f"{path}/shifts", params=too_long)).status_code == 422


async def test_schedules_are_listed_as_of_a_moment_and_rebuilt(
    service: RunningService, admin: AsyncClient
) -> None:
    await _added(admin, "listed")
    read = (await admin.get(f"{PATH}/listed")).json()
    await admin.post(f"{PATH}/listed/retire")
    asked = {"key": "listed", "as_of": read["position"]}
    (item,) = (await admin.get(PATH, params=asked)).json()["items"]
    del read["actions"]
    assert item == read
    (item,) = (await admin.get(PATH, params={"key": "listed"})).json()["items"]
    assert item["retired"]
    versions = (await admin.get(f"{PATH}/listed/versions")).json()["items"]
    assert [v["type"] for v in versions] == ["schedule.set", "schedule.retired"]
    rebuilt = await rebuilt_models(DEFINITION, service.settings, keep=False)
    assert rebuilt.differences["keyed"] == 0
