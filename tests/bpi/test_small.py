"""`tocsin import bpi-problems` on a small log with every oddity of the real one."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.cli.imports.bpi import BpiLog
from shared.process import CannotStart
from tests.bpi import made
from tests.bpi.facts import rows_of
from tests.bpi.importing import Ground, listed, opened, retold
from tests.support.postgres import Databases, new_home, remove_home
from tests.support.started import rows
from tests.uci.importing import Done


class Small(NamedTuple):
    """The small log, imported."""

    file: Path
    done: Done
    problems: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with opened(databases) as ground:
        yield ground


@pytest.fixture(scope="module")
async def small(ground: Ground) -> AsyncIterator[Small]:
    home = new_home()
    file = made.write(home / "small.xes.gz", made.xes(made.SMALL))
    done = await ground.run(file)
    yield Small(file, done, await listed(ground.reader, source="bpi2013"))
    remove_home(home)


def test_the_report_says_what_was_added(small: Small) -> None:
    code, report, _ = small.done
    assert code == 0
    assert {name: report[name] for name in list(report)[:6]} == {
        "problems": 3,
        "events": 17,
        "reanalysed_problems": 1,
        "reanalyses": 2,
        "group_changes": 2,
        "rejected": 1,
    }
    assert report["deviations"] == {
        "new → root_cause_analysis": 3,
        "root_cause_analysis → closed": 5,
        "root_cause_analysis → cancelled": 1,
        "cancelled → root_cause_analysis": 1,
    }


def test_bad_events_are_told_with_their_line(small: Small) -> None:
    before = len(made.PLAIN) + len(made.AGAIN) + 1
    traces = 2 * 4 + made.LINES_BEFORE_THE_FIRST_EVENT
    line = before * made.LINES_OF_AN_EVENT + traces + 1
    reason = "Activity Unmatched-Unmatched is none of the source's states"
    told = {"row": line, "external_ref": "1-300", "reason": reason}
    assert small.done.report["rejected_rows"] == [told]
    assert f"row {line}, 1-300: {reason}" in small.done.said
    assert "Unmatched" in _lines_of(small.file)[line - 1 + 4]


def _lines_of(file: Path) -> list[str]:
    return made.xes(made.SMALL).splitlines()


async def test_each_row_is_found_again_through_the_api(ground: Ground, small: Small) -> None:
    told = {name: await retold(ground.reader, each["id"]) for name, each in small.problems.items()}
    assert told == rows_of(small.file)


def test_they_end_as_the_source_has_them(small: Small) -> None:
    again = small.problems["1-200"]
    assert {each["status"] for each in small.problems.values()} == {"closed"}
    assert (again["reanalysis_count"], again["group"], again["assigned_to"]) == (
        2,
        "Org line C",
        "Tomas",
    )
    assert again["source"]["system"] == "bpi2013"
    assert again["source"]["activity"] == "Completed-Closed"
    assert again["milestones"]["closed"] == "2012-03-08T10:00:00Z"


async def test_any_moment_shows_what_the_record_said_then(ground: Ground, small: Small) -> None:
    path = f"/v1/problems/{small.problems['1-200']['id']}"
    shown = []
    for day in range(1, 9):
        then = {"effective_at": f"2012-03-{day:02}T10:00:00Z"}
        read = (await ground.reader.get(path, params=then)).json()
        shown.append((read["status"], read["assigned_to"]))
    analysing = "root_cause_analysis"
    assert shown == [
        (analysing, "Minnie"),
        ("closed", "Minnie"),
        (analysing, "Minnie"),
        (analysing, None),
        (analysing, "Tomas"),
        ("closed", "Tomas"),
        (analysing, "Tomas"),
        ("closed", "Tomas"),
    ]


async def test_its_actors_are_the_source_s_and_ours_is_beside(ground: Ground, small: Small) -> None:
    path = f"/v1/problems/{small.problems['1-100']['id']}/timeline"
    entries = (await ground.reader.get(path)).json()["items"]
    first, last = entries[0], entries[-1]
    assert (first["actor"], first["recorded_by"]) == ("Minnie", "demo-service")
    assert first["effective_at"] == "2012-03-01T10:00:00Z"
    assert last["title"] == "Imported from bpi2013: 5 steps"
    assert "Changed in the source" in [entry["title"] for entry in entries]


async def test_a_second_run_adds_nothing_and_a_longer_log_continues(
    ground: Ground, small: Small, tmp_path: Path
) -> None:
    before = await rows(ground.service.database, "select count(*) from events")
    again = (await ground.run(small.file)).report
    assert await rows(ground.service.database, "select count(*) from events") == before
    assert (again["problems"], again["known_problems"], again["known_events"]) == (0, 3, 17)
    await ground.run(small.file, "--system", "other")
    more = made.SMALL | {"1-100": [*made.PLAIN, made.event(9, made.WAIT, "Ewa", "G3")]}
    file = made.write(tmp_path / "more.xes", made.xes(more))
    longer = (await ground.run(file, "--system", "other")).report
    assert (longer["continued_problems"], longer["events"], longer["reanalyses"]) == (1, 1, 1)


async def test_nothing_was_armed(ground: Ground, small: Small) -> None:
    assert await rows(ground.service.database, "select 1 from timers limit 1") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a whole XES log"),
        ("number,state\n1,2\n", "not a whole XES log"),
        ("<html><body/></html>", "begins with <html>"),
        (made.xes(made.SMALL)[:-300], "not a whole XES log"),
        ('<!DOCTYPE log [<!ENTITY a "b">]><log/>', "declares a document type"),
    ],
)
def test_another_file_is_told_as_such(text: str, why: str, tmp_path: Path) -> None:
    file = made.write(tmp_path / "other.xes", text)
    with pytest.raises(CannotStart, match=why):
        list(BpiLog(file).tickets())


def test_what_lacks_a_name_a_state_or_a_time_is_rejected_by_itself(tmp_path: Path) -> None:
    zoneless = ("2012-03-05T12:00:00", made.CLOSED, "Ewa", "G3")
    odd = {"": made.PLAIN, "1-1": [*made.PLAIN[:4], zoneless], "1-2": [made.event(1, "")]}
    text = made.xes(odd | {"twice": made.PLAIN}).replace('"twice"', '"1-1"')
    tickets = list(BpiLog(made.write(tmp_path / "odd.xes", text)).tickets())
    assert [ticket.body is not None for ticket in tickets] == [False, True, False, False]
    reasons = [[each.reason for each in ticket.rejected] for ticket in tickets]
    assert reasons == [
        ["the trace has no concept:name"],
        ["time:timestamp 2012-03-05T12:00:00 has no zone"],
        ["Activity missing is none of the source's states"],
        ["the trace is told a second time"],
    ]
    assert tickets[1].body is not None
    assert len(tickets[1].body["steps"]) == 4
