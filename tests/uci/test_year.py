"""The whole UCI log: a year of a real ServiceNow, each fact of it found again through the API.

`make uci` runs it; the log is at ../shared/data, or at TOCSIN_TEST_DATA.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.postgres import ROOT, Databases
from tests.support.started import rows
from tests.uci.facts import facts, retold, rows_of
from tests.uci.importing import (
    Done,
    Ground,
    events_of,
    listed,
    opened,
    reads_equal_rows,
)

LOG = Path(os.environ.get("TOCSIN_TEST_DATA", ROOT / ".." / "shared" / "data"))
FILE = LOG / "uci_incidents.csv.gz"
FACTS: dict[Any, int] = {
    "incidents": 14_952,
    "events": 84_752,  # and three bad ones
    ("state", "Active"): 23_292,
    ("state", "New"): 21_617,
    ("state", "Resolved"): 15_431,
    ("state", "Closed"): 14_986,
    ("state", "Awaiting User Info"): 8_730,
    ("state", "Awaiting Vendor"): 406,
    ("state", "Awaiting Problem"): 264,
    ("state", "Awaiting Evidence"): 26,
    ("first", "New"): 9_774,
    ("first", "Active"): 3_930,
    ("first", "Resolved"): 1_124,
    ("first", "Awaiting User Info"): 122,
    ("first", "Awaiting Problem"): 2,
    ("last", "Closed"): 14_952,
    "share a minute": 8_413,
    "group changes": 14_118,
    "rises without a move": 61,
    "incidents with such a rise": 59,
    "reopened": 158,
    "reopenings": 204,
    "sla met": 9_491,
    "sla back": 0,
    "change priority": 227,
    "linked to a problem": 220,
}
REFUSED_BY_OUR_RULES = {
    "closed → in_progress": 8,
    "in_progress → closed": 1,  # eight direct closures
    "new → closed": 6,
    "on_hold → closed": 1,
    "resolved → on_hold": 1,
}

pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is absent"),
    pytest.mark.skipif("TOCSIN_UCI" not in os.environ, reason="takes minutes: make uci"),
    pytest.mark.timeout(3_000),
]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with opened(databases) as ground:
        yield ground


@pytest.fixture(scope="module")
async def year(ground: Ground) -> Done:
    done = await ground.run(FILE)
    memory = psutil.Process().memory_info().rss / 2**20
    told = {name: done.report.get(name) for name in ("seconds", "events_per_second")}
    print(f"\n{told}, {memory:.0f} MB with the tests around it")
    return done


async def test_the_report(year: Done) -> None:
    report = year.report
    names = ("incidents", "events", "reopened_incidents", "reopenings", "group_changes")
    assert [report[name] for name in names] == [14_952, 84_752, 158, 204, 14_118]
    assert (report["rejected"], len(report["rejected_rows"]), report["refused"]) == (3, 3, [])
    assert report["deviations"] == REFUSED_BY_OUR_RULES


async def test_each_fact_is_found_again_through_the_api(ground: Ground, year: Done) -> None:
    incidents = await listed(ground.reader)
    assert {(each["status"], each["imported"]) for each in incidents} == {("closed", True)}
    assert all(each["reopen_count"] == each["source"]["reopen_count"] for each in incidents)
    assert sum(each["reassignment_count"] for each in incidents) == 14_118
    told = await events_of(ground.reader, [each["id"] for each in incidents])
    found = facts(map(retold, told))
    assert found == facts(rows_of(FILE).values())
    assert {name: found[name] for name in FACTS} == FACTS


async def test_ten_thousand_reads_at_random_moments_equal_the_rows(
    ground: Ground, year: Done
) -> None:
    ids = {each["external_ref"]: each["id"] for each in await listed(ground.reader)}
    await reads_equal_rows(ground.reader, rows_of(FILE), ids, 10_000)


async def test_a_second_run_adds_nothing(ground: Ground, year: Done) -> None:
    before = await rows(ground.service.database, "select count(*) from events")
    again = await ground.run(FILE)
    assert await rows(ground.service.database, "select count(*) from events") == before
    assert (again.report["incidents"], again.report["known_events"]) == (0, 84_752)


async def test_nothing_was_armed_and_nobody_told(ground: Ground, year: Done) -> None:
    assert await rows(ground.service.database, "select 1 from timers limit 1") == []
