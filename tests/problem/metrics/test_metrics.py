"""Metrics of problems: each formula by hand, over HTTP now and then, with what proves it."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.problem.facts import FixIneffective, facts_stream, recur
from services.problem.metrics.described import table
from services.problem.metrics.formulas import FORMULAS, Measured
from services.problem.metrics.measuring import ProblemMetricQuery, metric, values
from services.problem.rules import Status
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.clock import new_id
from shared.effective import Instant
from shared.work import Work
from tests.problem.conftest import NOON, Feed
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

HOUR = timedelta(hours=1)
LOGGED = datetime(2026, 11, 1, tzinfo=UTC)


def problem(number: int, **more: Any) -> Measured:
    plain: dict[str, Any] = {
        "id": UUID(int=number), "number": number, "status": Status.NEW, "priority": None,
        "service": None, "group": None, "category": None, "imported": False, "logged": LOGGED,
        "root_cause": None, "resolved": None, "fixed": None, "closed": None,
        "reanalysis_count": 0, "fix_rejection_count": 0, "known": False, "recurred": False,
    }  # fmt: skip
    return Measured(**(plain | more))


def fixed(number: int, **more: Any) -> Measured:
    at = LOGGED + 10 * HOUR
    return problem(number, status=Status.CLOSED, fixed=at, resolved=at, root_cause=LOGGED, **more)


SOME = [
    problem(1, priority=1),
    problem(2, priority=1, logged=LOGGED + HOUR),
    problem(3, status=Status.ROOT_CAUSE_ANALYSIS, root_cause=LOGGED + 4 * HOUR, known=True),
    problem(4, status=Status.DUPLICATE),
    problem(5, status=Status.CANCELLED),
    problem(6, imported=True),
    fixed(7),
    fixed(8, recurred=True),
    fixed(9, fix_rejection_count=1),
    fixed(10, reanalysis_count=1, known=True),
]
EXPECTED: dict[str, tuple[int, float, dict[str, int]]] = {
    "backlog_age": (3, 23 * 3600 + 2400, {"imported": 1}),
    "time_to_root_cause": (
        5, 4 * 3600 / 5,
        {"duplicate": 1, "cancelled": 1, "imported": 1, "missing_root_cause": 2},
    ),
    "time_to_resolve": (
        4, 36_000, {"duplicate": 1, "cancelled": 1, "imported": 1, "missing_resolved": 3},
    ),
    "known_error_share": (7, 2 / 7, {"duplicate": 1, "cancelled": 1, "imported": 1}),
    "recurrence_after_fix": (
        4, 0.25, {"duplicate": 1, "cancelled": 1, "imported": 1, "missing_fixed": 3},
    ),
    "fix_effectiveness": (
        4, 0.25, {"duplicate": 1, "cancelled": 1, "imported": 1, "missing_fixed": 3},
    ),
}  # fmt: skip


def asked(name: str, problems: Sequence[Measured], **query: Any) -> Any:
    formula, question = FORMULAS[name], ProblemMetricQuery.model_validate(query)
    instant = Instant(1, LOGGED + 24 * HOUR)
    return metric(formula, question, instant, values(formula, question, instant, problems))


@pytest.mark.parametrize("name", EXPECTED)
def test_each_formula_as_worked_out_by_hand(name: str) -> None:
    found, (count, mean, reasons) = asked(name, SOME), EXPECTED[name]
    assert (found.count, found.excluded.reasons) == (count, reasons)
    assert found.mean == pytest.approx(mean)


def test_every_metric_of_problems_is_worked_out() -> None:
    assert list(EXPECTED) == [name for name, each in FORMULAS.items() if each.of == "problem"]


def test_a_share_tells_numerator_and_denominator() -> None:
    found = asked("recurrence_after_fix", SOME)
    assert (found.numerator, found.denominator) == (1, 4)


def test_what_is_asked_about_is_narrowed_and_grouped() -> None:
    both = asked("backlog_age", SOME, imported=True)
    assert (both.count, [(g.key, g.count) for g in both.groups]) == (4, [(1, 2), (None, 2)])
    first = {"from": LOGGED.isoformat(), "until": (LOGGED + HOUR).isoformat()}
    assert asked("backlog_age", SOME, priority=["1"], **first).count == 1
    by_month = asked("time_to_root_cause", SOME, group_by="month")
    assert [group.key for group in by_month.groups] == ["2026-11"]
    assert asked("backlog_age", []).mean is None


@pytest.fixture(scope="module")
async def running(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("problem", databases) as service:
        yield service


@pytest.fixture(scope="module")
async def client(running: RunningService) -> AsyncIterator[AsyncClient]:
    async with running.client(Role.PROBLEM_MANAGER) as found:
        yield found


async def carried(client: AsyncClient, *way: tuple[str, dict[str, Any]], **stated: Any) -> str:
    body = {"title": "Slow", "category": "a", "impact": 1, "urgency": 1, "owner": "paul"} | stated
    path = str((await client.post("/v1/problems", json=body)).headers["location"])
    for command, arguments in way:
        answer = await client.post(f"{path}/{command}", json=arguments)
        assert answer.status_code == 200, answer.text
    return path


FIXED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("assess", {}),
    ("confirm", {}),
    ("record-root-cause", {"cause": "Pool", "evidence": ["dump"]}),
    ("plan-fix", {"fix": "Bigger", "target_date": "2026-12-01"}),
    ("resolve", {"summary": "Bigger"}),
)


THESE: dict[str, Any] = {"service": "held,again"}
"""The problems of the next test: others raise theirs in the same service."""


async def test_metrics_over_http_now_and_then(running: RunningService, client: AsyncClient) -> None:
    held = await carried(client, *FIXED, service="held")
    again = await carried(client, *FIXED, ("reject-fix", {"reason": "Slow"}), service="again")
    said = {"title": "Slow", "symptom": "It is slow", "workaround": "Wait"}
    known = await client.post("/v1/known-errors", json=said | {"problem": held.split("/")[-1]})
    await client.post(f"/v1/known-errors/{known.json()['id']}/publish")
    before = (await client.get("/v1/problems", params=THESE)).json()["position"]
    await _recur(running, held)
    path = "/v1/problem/metrics"
    listed = (await client.get(path)).json()["items"]
    assert [each["name"] for each in listed] == list(FORMULAS)
    effective = (await client.get(f"{path}/fix_effectiveness", params=THESE)).json()
    assert (effective["numerator"], effective["denominator"]) == (0, 2)
    then = (await client.get(f"{path}/fix_effectiveness", params=THESE | {"as_of": before})).json()
    assert (then["numerator"], then["denominator"]) == (1, 2)
    share = (await client.get(f"{path}/known_error_share", params={"service": "held"})).json()
    assert share["mean"] == 1
    for name in FORMULAS:  # folded from the events, everything is as the rows have it
        now = (await client.get(f"{path}/{name}")).json()
        at = {"effective_at": "2100-01-01T00:00:00Z"}
        folded = (await client.get(f"{path}/{name}", params=at)).json()
        assert folded["excluded"] == now["excluded"]
        if name != "backlog_age":
            assert (folded["count"], folded["mean"]) == (now["count"], now["mean"]), name
    await _proved(client, path, held, again)


async def _recur(running: RunningService, path: str) -> None:
    id, problems = UUID(path.rsplit("/", maxsplit=1)[-1]), running.service.parts["problems"]
    work = Work(problems.store, "system:watch")
    found = FixIneffective(problem=id, incident=new_id(), number="INC-1", at=NOON, fixed_at=NOON)
    await work.execute(problems.facts, facts_stream(id), recur, found=found)
    assert (await work.append()).outcome == "appended"


async def _proved(client: AsyncClient, path: str, held: str, again: str) -> None:
    first = (
        await client.get(f"{path}/fix_effectiveness/inputs", params=THESE | {"limit": 1})
    ).json()
    rest = THESE | {"limit": 1, "cursor": first["next_cursor"]}
    last = (await client.get(f"{path}/fix_effectiveness/inputs", params=rest)).json()
    assert last["next_cursor"] is None
    for page, problem_path, proof in (
        (first, held, "recurred"),
        (last, again, "fix_rejection_count"),
    ):
        [item] = page["items"]
        assert problem_path.endswith(item["problem"])
        timeline = (await client.get(f"{problem_path}/timeline", params={"limit": 200})).json()
        known = {entry["id"] for entry in timeline["items"]}
        assert item["events"][proof]
        assert {id for ids in item["events"].values() for id in ids} <= known
    share = (await client.get(f"{path}/known_error_share/inputs", params=THESE)).json()["items"]
    assert [len(item["events"]["known"]) for item in share if item["value"]] == [1]


async def test_metrics_as_csv_are_safe_in_a_spreadsheet(client: AsyncClient) -> None:
    await carried(client, service="=cmd|' /C calc'!A0")
    query = {"group_by": "service", "format": "csv"}
    answer = await client.get("/v1/problem/metrics/backlog_age", params=query)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert "'=cmd|' /C calc'!A0" in {row["group"] for row in rows}
    accepted = await client.get("/v1/problem/metrics/backlog_age", headers={"accept": "text/csv"})
    assert accepted.text.startswith("metric,formula,version")


async def test_what_makes_no_sense_is_refused(client: AsyncClient) -> None:
    path = "/v1/problem/metrics"
    assert (await client.get(f"{path}/mttr")).status_code == 404
    for query in (
        {"from": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
        {"group_by": "owner"},
        {"as_of": "999999999"},
        {"unknown": "1"},
    ):
        assert (await client.get(f"{path}/backlog_age", params=query)).status_code == 422


async def test_what_is_hidden_does_not_count(running: RunningService, client: AsyncClient) -> None:
    feed = Feed(running.service.parts["problems"])
    incident = feed.declared(service="hidden-metric")
    await feed.hear(incident)
    await client.post("/v1/problems", json={"incidents": [str(incident.subject)]})
    query = {"service": "hidden-metric"}
    path = "/v1/problem/metrics/backlog_age"
    assert (await client.get(path, params=query)).json()["count"] == 1
    await feed.keep_to_ada(incident.subject)
    assert (await client.get(path, params=query)).json()["count"] == 0
    hidden = (await client.get(f"{path}/inputs", params=query)).json()
    assert (hidden["items"], hidden["total_estimate"]) == ([], 0)


def test_the_page_holds_the_formulas() -> None:
    assert table() in Path("docs/problems.md").read_text()
