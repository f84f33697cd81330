"""Metrics over HTTP: worked by hand, now and then, with what is behind them."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.incident.events import IncidentEvent, Milestone, MilestoneCorrected
from services.incident.incidents import Incidents
from services.incident.metrics.csv_form import HEAD
from services.incident.metrics.formulas import FORMULAS
from services.incident.relations.events import Merged
from shared.client import AsyncClient
from shared.ledger import Order
from shared.spreadsheet import safe
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

METRICS = "/v1/incident/metrics"
NINE, TEN, ELEVEN, NOON = (f"2026-06-01T{hour:02}:00:00Z" for hour in (9, 10, 11, 12))
FIXED = {"code": "fixed", "summary": "Done"}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> AsyncClient:
    return service.client()


async def declared(client: AsyncClient, **more: Any) -> str:
    body = {"title": "Slow", "service": "checkout", "started_at": NINE} | more
    answer = await client.post("/v1/incidents", json=body)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def told(client: AsyncClient, where: str, command: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{where}/{command}", json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def recorded(service: RunningService, where: str, event: IncidentEvent) -> None:
    """It happens, whatever the rules say."""
    incidents: Incidents = service.service.parts["incidents"]
    order = Order(stream=UUID(where.rsplit("/", 1)[-1]), actor="ada")
    await incidents.execute(order, lambda state: [event])


async def metric(client: AsyncClient, name: str, **params: Any) -> dict[str, Any]:
    answer = await client.get(f"{METRICS}/{name}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def figures(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found[name] for name in ("count", "mean", "median", "p90"))


async def test_resolving_in_two_three_and_no_hours(client: AsyncClient) -> None:
    for at in (ELEVEN, NOON):
        await told(client, await declared(client), "resolve", **FIXED, at=at)
    await declared(client)
    found = await metric(client, "time_to_resolve")
    assert figures(found) == (2, 9000, 9000, pytest.approx(10440))
    assert found["excluded"] == {"count": 1, "reasons": {"missing_resolved": 1}}
    assert found["formula"] == {
        "id": "incident.time_to_resolve", "version": 1, "text": "resolved - started",
    }  # fmt: skip
    assert found["period"] == {"from": None, "until": None, "by": "resolved"}


async def test_each_reason_to_leave_one_out(service: RunningService, client: AsyncClient) -> None:
    await told(client, await declared(client), "cancel", reason="None")
    into = await declared(client)
    merged = await declared(client, title="Again")
    survivor = UUID(into.rsplit("/", 1)[-1])
    await recorded(
        service, merged, Merged(into=survivor, number=1, at=datetime.fromisoformat(NOON))
    )
    await told(client, await declared(client, started_at=None), "resolve", **FIXED, at=NOON)
    await told(client, into, "resolve", **FIXED, at=NOON)
    found = await metric(client, "time_to_resolve")
    assert found["count"] == 1
    assert found["excluded"]["reasons"] == {"cancelled": 1, "merged": 1, "missing_started": 1}


async def test_after_a_reopening_the_last_resolution_counts(client: AsyncClient) -> None:
    where = await declared(client)
    await told(client, where, "resolve", **FIXED, at=TEN)
    first = await metric(client, "time_to_resolve")
    await told(client, where, "reopen", reason="Again")
    between = await metric(client, "time_to_resolve")
    await told(client, where, "resolve", **FIXED, at=NOON)
    last = await metric(client, "time_to_resolve")
    assert [f["mean"] for f in (first, between, last)] == [3600, None, 10800]
    assert (await metric(client, "time_to_resolve", as_of=first["position"]))["mean"] == 3600
    rate = await metric(client, "reopen_rate", as_of=between["position"])
    assert (rate["numerator"], rate["denominator"], rate["mean"]) == (1, 1, 1)


async def test_a_correction_is_not_known_before_it_was_made(
    service: RunningService, client: AsyncClient
) -> None:
    where = await declared(client)
    resolved = await told(client, where, "resolve", **FIXED, at=NOON)
    was, to = map(datetime.fromisoformat, (NOON, TEN))
    corrected = MilestoneCorrected(milestone=Milestone.RESOLVED, to=to, was=was, reason="Logs")
    await recorded(service, where, corrected)
    assert (await metric(client, "time_to_resolve"))["mean"] == 3600
    then = await metric(client, "time_to_resolve", as_of=resolved["position"])
    assert (then["mean"], then["position"]) == (10800, resolved["position"])
    by_time = await metric(client, "time_to_resolve", as_of=resolved["updated_at"])
    assert by_time["mean"] == 10800
    happened = await metric(client, "time_to_resolve", effective_at=ELEVEN)
    assert happened["mean"] == 3600
    both = {"effective_at": ELEVEN, "as_of": resolved["position"]}
    assert (await metric(client, "time_to_resolve", **both))["count"] == 0


async def test_a_period_is_by_the_last_milestone(client: AsyncClient) -> None:
    for at in (TEN, ELEVEN, NOON):
        await told(client, await declared(client), "resolve", **FIXED, at=at)
    await declared(client)  # declared today, not resolved: of no period in June
    found = await metric(client, "time_to_resolve", **{"from": TEN, "until": NOON})
    assert (found["count"], found["mean"], found["excluded"]["count"]) == (2, 5400, 0)
    months = await metric(client, "time_to_resolve", group_by="month")
    assert (months["groups"][0]["key"], months["groups"][0]["count"]) == ("2026-06", 3)


async def test_by_priority_service_and_group(client: AsyncClient) -> None:
    for n, (group, impact) in enumerate((("a", 1), ("b", 3), (None, None))):
        triage = {} if impact is None else {"impact": impact, "urgency": impact}
        where = await declared(client, group=group, service=f"service-{n % 2}", **triage)
        await told(client, where, "resolve", **FIXED, at=NOON)
    for by, keys in (
        ("priority", [1, 5, None]),
        ("service", ["service-0", "service-1"]),
        ("group", ["a", "b", None]),
    ):
        found = await metric(client, "time_to_resolve", group_by=by)
        assert [g["key"] for g in found["groups"]] == keys
        assert sum(g["count"] for g in found["groups"]) == found["count"] == 3
    assert (await metric(client, "time_to_resolve", priority="1,5", group="a"))["count"] == 1


async def test_first_time_fix_and_reassignments(client: AsyncClient) -> None:
    clean = await declared(client, group="a")
    moved = await declared(client, group="a")
    await told(client, moved, "assign", group="b")
    for where in (clean, moved):
        await told(client, where, "resolve", **FIXED)
    fixed = await metric(client, "first_time_fix")
    assert (fixed["numerator"], fixed["denominator"], fixed["mean"]) == (1, 2, 0.5)
    assert figures(await metric(client, "reassignments")) == (2, 0.5, 0.5, 0.9)


async def test_backlog_is_as_old_as_now_says(client: AsyncClient) -> None:
    where = await declared(client, impact=1, urgency=1)
    created = (await client.get(where)).json()["created_at"]
    later = (datetime.fromisoformat(created) + timedelta(hours=2)).isoformat()
    found = await metric(client, "backlog_age", effective_at=later)
    assert (found["count"], found["mean"], found["group_by"]) == (1, 7200, "priority")
    assert [(g["key"], g["mean"]) for g in found["groups"]] == [(1, 7200)]
    await told(client, where, "resolve", **FIXED)
    assert (await metric(client, "backlog_age"))["count"] == 0


async def test_mtbf_leaves_planned_maintenance_out(client: AsyncClient) -> None:
    window = {
        "reason": "Patches", "services": ["checkout"],
        "from": "2026-06-01T20:00:00Z", "until": "2026-06-01T22:00:00Z",
    }  # fmt: skip
    await client.post("/v1/catalogue/maintenance-windows", json=window)
    for start, end in ((NINE, TEN), ("2026-06-01T20:30:00Z", "2026-06-01T21:00:00Z")):
        where = await declared(client, started_at=start)
        await told(client, where, "resolve", **FIXED, at=end)
    await declared(client, service=None)
    period = {"from": "2026-06-01T00:00:00Z", "until": "2026-06-02T00:00:00Z"}
    found = await metric(client, "mtbf", **period)
    only, nowhere = found["groups"]
    assert (nowhere["key"], nowhere["excluded"]["reasons"]) == (None, {"missing_service": 1})
    assert (only["key"], only["count"], only["mean"]) == ("checkout", 1, 21 * 3600)
    assert (only["downtime_seconds"], only["maintenance_seconds"]) == (3600, 7200)
    assert only["excluded"]["reasons"] == {"in_maintenance": 1}
    assert only["median"] == 9 * 3600
    unknown = await metric(client, "mtbf")  # the last ninety days
    assert unknown["excluded"]["reasons"] == {}


async def test_a_metric_says_where_what_is_behind_it_is_listed(client: AsyncClient) -> None:
    for service in ("checkout", "search"):
        place = await declared(client, service=service)
        await told(client, place, "resolve", **FIXED, at=NOON)
    asked = {"service": "checkout,other", "from": "2020-01-01T00:00:00Z"}
    found = await metric(client, "time_to_resolve", **asked)
    later = await declared(client, service="checkout")
    behind = (await client.get(found["inputs"])).json()["items"]
    assert [each["value"] for each in behind] == [found["mean"]]
    assert later.rsplit("/", maxsplit=1)[-1] not in {each["incident"] for each in behind}


async def test_the_events_behind_a_value_are_named(client: AsyncClient) -> None:
    places = []
    for at in (TEN, ELEVEN, NOON):
        places.append(await declared(client))
        await told(client, places[-1], "resolve", **FIXED, at=at)
    await declared(client)
    first = (await client.get(f"{METRICS}/time_to_resolve/inputs?limit=2")).json()
    cursor = {"limit": 2, "cursor": first["next_cursor"]}
    await told(client, places[-1], "reopen", reason="After the first page")
    second = (await client.get(f"{METRICS}/time_to_resolve/inputs", params=cursor)).json()
    assert [i["value"] for i in first["items"] + second["items"]] == [3600, 7200, 10800, None]
    assert second["items"][1]["excluded"] == "missing_resolved"
    assert second["next_cursor"] is None
    events = (await client.get(f"{places[0]}/events")).json()["items"]
    by_type = {e["type"]: e["id"] for e in events}
    assert first["items"][0]["events"] == {
        "started": [by_type["incident.declared"]],
        "resolved": [by_type["incident.resolved"]],
    }
    left_out = await client.get(f"{METRICS}/time_to_resolve/inputs?excluded=true")
    assert [i["excluded"] for i in left_out.json()["items"]] == ["missing_resolved"] * 2


async def test_a_spreadsheet_runs_no_text_of_ours(client: AsyncClient) -> None:
    await told(client, await declared(client, service='=cmd|"/c calc"!A1'), "resolve", **FIXED)
    answer = await client.get(
        f"{METRICS}/time_to_resolve?group_by=service", headers={"accept": "text/csv"}
    )
    assert answer.headers["content-type"].startswith("text/csv")
    head, total, group = csv.reader(io.StringIO(answer.text))
    assert head == list(HEAD)
    assert (total[0], total[6]) == ("time_to_resolve", "1")
    assert group[5] == '\'=cmd|"/c calc"!A1'
    again = await client.get(f"{METRICS}/time_to_resolve?group_by=service&format=csv")
    assert again.text == answer.text


@pytest.mark.parametrize("first", "=+-@\t\r\uff1d\uff0b\uff0d\uff20")
def test_what_begins_a_formula_is_escaped(first: str) -> None:
    assert safe(f"{first}1+1") == f"'{first}1+1"
    assert safe(-1) == -1


async def test_the_restricted_count_for_those_who_may_know(
    service: RunningService, client: AsyncClient
) -> None:
    where = await declared(client)
    await told(client, where, "resolve", **FIXED, at=NOON)
    await told(client, where, "restrict", reason="A person's data")
    outsider = service.client("responder", subject="somebody-else")
    for params in ({}, {"effective_at": NOON}):
        assert (await metric(outsider, "time_to_resolve", **params))["count"] == 0
        assert (await metric(outsider, "time_to_resolve", **params))["excluded"]["count"] == 0
        assert (await metric(service.client("auditor"), "time_to_resolve", **params))["count"] == 1
    hidden = await outsider.get(f"{METRICS}/time_to_resolve/inputs")
    assert hidden.json()["items"] == []


async def test_metrics_are_listed_with_their_formulas(client: AsyncClient) -> None:
    found = (await client.get(METRICS)).json()["items"]
    assert [m["name"] for m in found] == list(FORMULAS)
    assert all((m["id"], m["version"]) == (f"incident.{m['name']}", 1) for m in found)
    for each in found:
        assert (await client.get(each["href"])).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("mttr", 404),
        ("time_to_resolve?from=2026-06-02T00:00:00Z&until=2026-06-01T00:00:00Z", 422),
        ("time_to_resolve?as_of=999999", 422),
        ("time_to_resolve?group_by=colour", 422),
        ("time_to_resolve?colour=red", 422),
        ("time_to_resolve/inputs?cursor=x", 422),
        ("mtbf?from=1970-01-01T00:00:00Z", 422),
    ],
)
async def test_what_cannot_be_answered(client: AsyncClient, path: str, status: int) -> None:
    answer = await client.get(f"{METRICS}/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (
        status, "application/problem+json",
    )  # fmt: skip


async def test_an_empty_log_has_metrics_too(client: AsyncClient) -> None:
    for name in FORMULAS:
        assert (await metric(client, name))["count"] == 0
        inputs = await client.get(f"{METRICS}/{name}/inputs")
        assert inputs.json()["items"] == [], inputs.text
