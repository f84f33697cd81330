"""POST /v1/problems/backfill: history taken over once, whole, and quietly."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.cli.rebuild import rebuilt_models
from services.problem.app import DEFINITION
from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

PATH = "/v1/problems/backfill"
STEPS: list[dict[str, Any]] = [
    {"at": "2012-03-01T08:00:00Z", "by": "ann", "set": {"group": "a2", "priority": 2}},
    {"at": "2012-03-02T08:00:00Z", "by": "bob", "set": {"status": "root_cause_analysis"}},
    {
        "at": "2012-03-03T08:00:00Z",
        "by": "bob",
        "set": {"root_cause": "Pool", "workaround": "Restart it", "owner": "bob"},
        "note": "For the network",
        "source": {"vendor": "8s"},
    },
    {"at": "2012-03-04T08:00:00Z", "by": "bob", "set": {"status": "resolved", "resolution": "Ok"}},
    {"at": "2012-03-05T08:00:00Z", "by": "bob", "set": {"status": "closed"}},
]


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("problem", databases) as running:
        yield running


@pytest.fixture
def source(service: RunningService) -> AsyncClient:
    return service.client("service")


@pytest.fixture
def reader(service: RunningService) -> AsyncClient:
    return service.client("auditor")


def problem(ref: str, steps: list[dict[str, Any]] = STEPS, **more: Any) -> dict[str, Any]:
    return {"external_ref": ref, "title": "Pools run dry", "steps": steps} | more


def backfill(*problems: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"system": "theirs", "problems": list(problems)} | more


async def taken(source: AsyncClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await source.post(PATH, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    assert answer.headers["tocsin-position"] == str(report["position"])
    return report


async def test_it_is_shown_as_the_source_left_it(source: AsyncClient, reader: AsyncClient) -> None:
    (item,) = (await taken(source, backfill(problem("T-1"))))["items"]
    assert (item["outcome"], item["steps"], item["reanalyses"]) == ("added", 5, 0)
    read = (await reader.get(f"/v1/problems/{item['number']}")).json()
    assert (read["status"], read["priority"], read["owner"]) == ("closed", 2, "bob")
    assert read["source"] == {"system": "theirs", "vendor": "8s"}
    assert (read["root_cause"]["cause"], read["resolution"]) == ("Pool", "Ok")
    assert read["workaround_texts"]["draft"] == "Restart it"
    assert read["milestones"]["root_cause"] == "2012-03-03T08:00:00Z"
    then = {"effective_at": "2012-03-02T09:00:00Z"}
    early = (await reader.get(f"/v1/problems/{item['id']}", params=then)).json()
    assert (early["status"], early["root_cause"]) == ("root_cause_analysis", None)


async def test_lists_tell_imported_ones_apart(source: AsyncClient, reader: AsyncClient) -> None:
    await taken(source, backfill(problem("T-10"), problem("T-11")))
    found = (await reader.get("/v1/problems", params={"external_ref": "T-11"})).json()["items"]
    assert [each["external_ref"] for each in found] == ["T-11"]
    assert found[0]["imported"]


async def test_told_by_many_at_once_it_is_stored_once_and_a_key_answers_alike(
    service: RunningService, source: AsyncClient
) -> None:
    body = backfill(*(problem(f"T-2{n}") for n in range(5)))
    reports = await asyncio.gather(*(taken(source, body) for _ in range(5)))
    assert sum(report["problems"] for report in reports) == 5
    key = {"idempotency-key": "once"}
    first = await taken(source, backfill(problem("T-26")), **key)
    assert await taken(source, backfill(problem("T-26")), **key) == first
    other = await source.post(PATH, json=backfill(problem("T-27")), headers=key)
    assert other.status_code == 422


async def test_a_longer_history_is_continued_and_another_one_is_refused(
    source: AsyncClient,
) -> None:
    await taken(source, backfill(problem("T-30", STEPS[:2])))
    (item,) = (await taken(source, backfill(problem("T-30"))))["items"]
    assert (item["outcome"], item["steps"]) == ("continued", 3)
    other = [*STEPS[1:], STEPS[-1]]
    (item,) = (await taken(source, backfill(problem("T-30", other))))["items"]
    assert item["outcome"] == "refused"
    assert "not those that were imported before" in item["reason"]


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ({"problems": []}, "/problems"),
        ({"problems": [problem("T-1"), problem("T-1")]}, ""),
        ({"problems": [problem("T-1", [])]}, "/problems/0/steps"),
        ({"problems": [problem("T-1", [STEPS[0] | {"source": {"system": 1}}])]}, "/problems/0/"),
        ({"problems": [problem("T-1", [STEPS[0] | {"set": {"status": "slow"}}])]}, "/problems/0/"),
        ({"problems": [problem("T-1", [STEPS[0] | {"at": "2999-01-01T00:00:00Z"}])]}, "/problems"),
    ],
)
async def test_what_cannot_be_taken_is_named(
    source: AsyncClient, broken: dict[str, Any], pointer: str
) -> None:
    answer = await source.post(PATH, json=backfill(**broken))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)


async def test_its_views_can_be_made_anew(service: RunningService, source: AsyncClient) -> None:
    await taken(source, backfill(problem("T-40")))
    rebuilt = await rebuilt_models(DEFINITION, service.settings, keep=False)
    assert rebuilt.rows > 0
    assert set(rebuilt.differences.values()) == {0}
    assert await rows(service.database, "select 1 from timers limit 1") == []
