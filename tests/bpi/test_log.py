"""The whole log of the BPI Challenge 2013: each fact of it found again through the API.

`make bpi` runs it; the log is at ../shared/data, or at TOCSIN_TEST_DATA.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bpi.facts import Row, reanalyses, rows_of
from tests.bpi.importing import Ground, listed, opened, outcomes, retold
from tests.support.postgres import ROOT, Databases
from tests.support.started import rows
from tests.uci.importing import Done

FILE = Path(os.environ.get("TOCSIN_TEST_DATA", ROOT / ".." / "shared" / "data"))
FILE = FILE / "bpi2013_problems.xes.gz"

pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is absent"),
    pytest.mark.skipif("TOCSIN_BPI" not in os.environ, reason="takes a while: make bpi"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with opened(databases) as ground:
        yield ground


@pytest.fixture(scope="module")
async def log(ground: Ground) -> Done:
    done = await ground.run(FILE)
    told = {name: done.report.get(name) for name in ("seconds", "events_per_second", "deviations")}
    print(f"\n{told}")
    return done


async def test_the_report(log: Done) -> None:
    names = ("problems", "events", "reanalysed_problems", "reanalyses", "rejected")
    assert [log.report[name] for name in names] == [744, 3_305, 29, 42, 5]
    assert {each["reason"] for each in log.report["rejected_rows"]} == {
        "Activity Unmatched-Unmatched is none of the source's states"
    }


async def test_each_fact_is_found_again_through_the_api(ground: Ground, log: Done) -> None:
    problems = await listed(ground.reader)
    assert outcomes(problems) == {"closed": 744}
    counted = Counter(
        each["reanalysis_count"] for each in problems.values() if each["reanalysis_count"]
    )
    assert (sum(n * many for n, many in counted.items()), counted.total()) == (42, 29)
    limit = asyncio.Semaphore(8)

    async def told(name: str) -> list[Row]:
        async with limit:
            return await retold(ground.reader, problems[name]["id"])

    source = rows_of(FILE)
    found = await asyncio.gather(*map(told, source))
    assert dict(zip(source, found, strict=True)) == source
    assert sum(map(reanalyses, found)) == 42


async def test_a_second_run_adds_nothing(ground: Ground, log: Done) -> None:
    before = await rows(ground.service.database, "select count(*) from events")
    again = await ground.run(FILE)
    assert await rows(ground.service.database, "select count(*) from events") == before
    assert (again.report["problems"], again.report["known_events"]) == (0, 3_305)
