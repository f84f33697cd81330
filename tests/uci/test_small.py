"""`tocsin import uci-incidents` on a small log with every oddity of the real one."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shared.auth.roles import Role
from shared.process import CannotStart
from tests.journeys import recomputed
from tests.support.postgres import Databases, new_home, remove_home
from tests.support.started import rows
from tests.support.until import until
from tests.uci import made
from tests.uci.facts import facts, retold, rows_of
from tests.uci.importing import (
    Done,
    Ground,
    events_of,
    imported,
    importing,
    listed,
    opened,
    reads_equal_rows,
)


class Small(NamedTuple):
    """The small log, imported."""

    file: Path
    done: Done
    incidents: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with opened(databases) as ground:
        yield ground


@pytest.fixture(scope="module")
async def small(ground: Ground) -> AsyncIterator[Small]:
    home = new_home()
    file = made.write(home / "small.csv.gz", made.SMALL)
    done = await ground.run(file)
    found = await listed(ground.reader, source="uci")
    yield Small(file, done, {each["external_ref"]: each for each in found})
    remove_home(home)


def ids(small: Small) -> dict[str, str]:
    return {number: each["id"] for number, each in small.incidents.items()}


def test_the_report_says_what_was_added(small: Small) -> None:
    code, report, _ = small.done
    assert code == 0
    assert {name: report[name] for name in list(report)[:6]} == {
        "incidents": 5,
        "events": 28,
        "reopened_incidents": 2,
        "reopenings": 3,
        "group_changes": 3,
        "rejected": 3,
    }
    assert report["deviations"] == {
        "closed → in_progress": 1,
        "new → closed": 1,
        "resolved → on_hold": 1,
    }


def test_bad_rows_are_told_one_by_one_and_nothing_else_is_lost(small: Small) -> None:
    reason = "incident_state -100 is none of the source's states"
    assert small.done.report["rejected_rows"] == [
        {"row": row, "external_ref": "INC0000004", "reason": reason} for row in (24, 25, 26)
    ]
    lines = [line for line in small.done.said.splitlines() if line.startswith("row ")]
    assert lines == [f"row {row}, INC0000004: {reason}" for row in (24, 25, 26)]


async def test_its_facts_are_found_again_through_the_api(ground: Ground, small: Small) -> None:
    told = await events_of(ground.reader, list(ids(small).values()))
    assert facts(map(retold, told)) == facts(rows_of(small.file).values())


async def test_a_read_at_any_moment_is_the_row_of_that_moment(ground: Ground, small: Small) -> None:
    await reads_equal_rows(ground.reader, rows_of(small.file), ids(small), 300)


def test_ours_are_derived_and_the_source_s_are_carried(small: Small) -> None:
    reopened = small.incidents["INC0000002"]
    assert (reopened["reopen_count"], reopened["reassignment_count"]) == (2, 1)
    source = reopened["source"]
    assert (source["reopen_count"], source["reassignment_count"]) == (2, 2)
    assert (source["system"], source["made_sla"], source["problem_id"]) == ("uci", True, "14")


async def test_what_only_hindsight_knows_is_not_told_before_the_end(
    ground: Ground, small: Small
) -> None:
    plain = small.incidents["INC0000001"]
    assert plain["source"]["closed_at"] == "2016-03-14T12:00:00+00:00"
    path = f"/v1/incidents/{plain['id']}"
    early = await ground.reader.get(path, params={"effective_at": "2016-03-10T00:00:00Z"})
    assert "closed_at" not in early.json()["source"]
    assert early.json()["milestones"]["closed"] is None


async def test_its_actors_are_the_source_s_and_ours_is_beside(ground: Ground, small: Small) -> None:
    path = f"/v1/incidents/{small.incidents['INC0000001']['id']}/timeline"
    entries = (await ground.reader.get(path)).json()["items"]
    assert [(e["kind"], e["actor"], e["recorded_by"], e["effective_at"]) for e in entries[:2]] == [
        ("incident.declared", "21", "demo-service", "2016-03-01T08:01:00Z"),
        ("incident.assigned", "31", "demo-service", "2016-03-01T09:00:00Z"),
    ]
    last = entries[-1]
    assert (last["title"], last["actor"], last["recorded_by"]) == (
        "Imported from uci: 8 steps", "demo-service", None,
    )  # fmt: skip


async def test_a_second_run_adds_nothing(ground: Ground, small: Small) -> None:
    before = await rows(ground.service.database, "select count(*) from events")
    report = await ground.take(small.file)
    assert await rows(ground.service.database, "select count(*) from events") == before
    nothing = ("incidents", "events", "reopenings", "reopened_incidents", "recorded_events")
    assert [report[name] for name in nothing] == [0] * 5
    assert (report["known_incidents"], report["known_events"]) == (5, 28)


async def test_a_longer_log_adds_what_is_new(ground: Ground, small: Small, tmp_path: Path) -> None:
    shorter = [row for rows in (made.PLAIN, made.REOPENED) for row in rows[:4]]
    await ground.take(made.write(tmp_path / "shorter.csv", shorter), "longer")
    report = await ground.take(small.file, "longer")
    counts = ("incidents", "continued_incidents", "events", "known_events")
    assert [report[name] for name in counts] == [3, 2, 20, 8]
    found = await listed(ground.reader, source="longer")
    longer = {each["external_ref"]: each["id"] for each in found}
    await reads_equal_rows(ground.reader, rows_of(small.file), longer, 100)


async def test_another_history_of_the_same_incident_is_refused_alone(
    ground: Ground, tmp_path: Path
) -> None:
    await ground.take(made.write(tmp_path / "one.csv", made.PLAIN), "rewritten")
    changed = [made.PLAIN[0] | {"assignment_group": "99"}, *made.PLAIN[1:], *made.DIRECTLY_CLOSED]
    two = made.write(tmp_path / "two.csv", changed)
    code, report, _ = await ground.run(two, "--system", "rewritten")
    assert code == 3
    assert [each["external_ref"] for each in report["refused"]] == ["INC0000001"]
    assert (report["incidents"], report["events"]) == (1, 2)


async def test_a_limit_is_of_incidents_and_a_zone_is_that_of_its_times(
    ground: Ground, small: Small
) -> None:
    report = await ground.take(small.file, "madrid", limit=1, zone="Europe/Madrid")
    assert (report["incidents"], report["events"]) == (1, 8)
    (plain,) = await listed(ground.reader, source="madrid")
    assert plain["milestones"]["detected"] == "2016-03-01T07:00:00Z"


async def test_killed_midway_the_next_run_goes_on(ground: Ground, tmp_path: Path) -> None:
    file = made.write(tmp_path / "many.csv", [*made.many(400), *made.SMALL])
    told = ("--system", "killed")
    token = ground.service.token(Role.SERVICE)
    process = await importing(file, ground.base, token, *told, "--concurrency", "1")

    async def has_begun() -> bool:
        return bool(await listed(ground.reader, source="killed"))

    await until(has_begun)
    process.kill()
    await process.communicate()
    there = len(await listed(ground.reader, source="killed"))
    report = await ground.take(file, "killed")
    assert 0 < there < 405
    assert report["incidents"] + report["known_incidents"] == 405
    assert report["events"] + report["known_events"] == 28 + 1600
    found = await listed(ground.reader, source="killed")
    assert len({each["external_ref"] for each in found}) == len(found) == 405


async def test_lists_as_of_any_position_equal_the_recomputation(
    ground: Ground, small: Small
) -> None:
    told = await events_of(ground.reader, list(ids(small).values()))
    events = sorted((e for each in told for e in each), key=lambda e: int(e["position"]))
    for event in events:
        position = event["position"]
        found = await listed(ground.reader, as_of=position, sort="number", source="uci")
        expected = recomputed.ordered(recomputed.as_of(events, position).values(), "number")
        plain = [item | {"reporter": item["reporter"]["id"]} for item in found]
        pairs = zip(plain, expected, strict=True)
        assert [{name: p[name] for name in e} for p, e in pairs] == expected


@pytest.mark.parametrize("content", ["a,b\n1,2\n", ""])
async def test_another_file_is_refused(ground: Ground, tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.csv"
    file.write_text(content)
    with pytest.raises(CannotStart, match="this is not the UCI log"):
        await ground.take(file)


async def test_a_refused_token_is_told_in_one_line(ground: Ground, small: Small) -> None:
    done = await imported(small.file, ground.base, ground.service.token(Role.AUDITOR))
    assert done.code == 1
    assert "answered 403" in done.said


async def test_what_is_no_row_is_told_and_its_neighbours_are_taken(
    ground: Ground, tmp_path: Path
) -> None:
    file = made.write(tmp_path / "torn.csv", [*made.PLAIN, *made.DIRECTLY_CLOSED, made.PLAIN[0]])
    lines = file.read_text().splitlines()
    lines[3:3] = ["INC0000001,Active", "", lines[2].replace("9:00", "25:00")]
    lines[-4] = lines[-4].replace("Closed,false", "Closed,perhaps")
    file.write_text("\n".join(lines))
    report = await ground.take(file, "torn")
    assert [(each["row"], each["reason"]) for each in report["rejected_rows"]] == [
        (4, "has no number, or not the columns of the header"),
        (5, "has no number, or not the columns of the header"),
        (6, "1/3/2016 025:00 is no time such as 29/2/2016 01:23"),
        (12, "active perhaps is neither true nor false"),
        (15, "stands apart from its ticket's other rows"),
    ]
    assert (report["incidents"], report["events"]) == (2, 9)


async def test_a_wrong_address_is_told_at_once(small: Small) -> None:
    process = await importing(small.file, "http://127.0.0.1:9", "nobody's")
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"nothing answers at http://127.0.0.1:9" in said
