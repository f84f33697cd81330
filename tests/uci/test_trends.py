"""Trend rules over an imported log: the candidates are what the log says, tried or live.

`make uci-trends` imports the whole UCI log (at ../shared/data, or at TOCSIN_TEST_DATA) as if it
happened here; the suite takes a made one.
"""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from tests.support.postgres import ROOT, Databases
from tests.support.together import together
from tests.uci import made
from tests.uci.trending import RULES, Trending, evidence

FILE = (
    Path(os.environ.get("TOCSIN_TEST_DATA", ROOT / ".." / "shared" / "data"))
    / "uci_incidents.csv.gz"
)


@pytest.fixture
async def trending(databases: Databases) -> AsyncIterator[Trending]:
    async with together(databases) as both:
        yield Trending(both)


def made_log(count: int) -> list[made.Row]:
    """Tickets of few kinds, of which some are of another kind after a while."""
    chance, rows = Random(3), list[made.Row]()
    for n in range(count):
        day, hour = chance.randint(1, 9), chance.randint(0, 23)
        kind = {
            "opened_at": f"{day}/3/2016 {hour:02}:00",
            "category": str(chance.randint(1, 2)), "subcategory": chance.choice("?67"),
            "cmdb_ci": chance.choice(["?", "?", "4", "5", "9"]), "impact": chance.choice("123"),
        }  # fmt: skip
        steps = [made.row(f"{day}/3/2016 {hour:02}:01", "New", **kind)]
        if chance.random() < 0.4:
            changed = {"category": str(chance.randint(1, 2)), "impact": chance.choice("12")}
            steps.append(made.row(f"{day + 1}/3/2016 01:00", "Active", **changed))
        rows += made.ticket(f"INC2{n:06}", *steps, made.CLOSED)
    return rows


async def compare(trending: Trending) -> int:
    """Each rule, three times; answers how many candidates there are."""
    count = 0
    for rule in RULES:
        live, tried = await trending.live(rule), await trending.tried(rule)
        assert live == trending.recomputed(rule)
        raised = {each["raised_by"]: evidence(each) for each in tried["candidates"]}
        assert raised.items() <= live.items()
        assert (tried["raised"], len(raised)) == (len(live), min(len(live), 200))
        assert (tried["complete"], tried["held_back"]) == (True, False)
        told = [each for matches in live.values() for each in matches]
        assert await trending.proved(told) == len(told)
        count += len(live)
    return count


async def test_live_tried_and_recomputed_are_the_same(trending: Trending, tmp_path: Path) -> None:
    file = made.write(tmp_path / "log.csv", made_log(250))
    await trending.take(file)
    assert await compare(trending) > 10


@pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is absent")
@pytest.mark.skipif("TOCSIN_UCI" not in os.environ, reason="takes minutes: make uci-trends")
@pytest.mark.timeout(3_000)
async def test_the_whole_year_live_tried_and_recomputed_is_the_same(trending: Trending) -> None:
    started = time.monotonic()
    report = await trending.take(FILE)
    heard = time.monotonic()
    count = await compare(trending)
    assert count > 50
    print(
        f"\n{report['events']} events in {heard - started:.0f} s, "
        f"{count} candidates compared in {time.monotonic() - heard:.0f} s"
    )
