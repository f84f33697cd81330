"""Worked cases of regulators' clocks, as `cases.txt` tells them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from services.incident.regulators.documents import BUILT_IN
from services.incident.regulators.events import RegulatoryFact, RegulatoryRecord
from services.incident.regulators.regimes import Regulators, regulators_of

_LINE = re.compile(
    r"(?P<no>not )?(?P<fact>[a-z_]+) (?P<at>\d{4}-\d\d-\d\d [\d:]+)"
    r"(?: (?P<regime>[a-z0-9]+))?(?: (?P<report>[a-z0-9_-]+))??(?: replaces=(?P<replaces>\d+))?"
)
HOLIDAYS = ("2026-04-03", "2026-04-06", "2026-12-25", "2027-01-01")


class Expected(NamedTuple):
    """One report as it must stand; no state where it must not be told of."""

    regime: str
    report: str
    state: str | None
    due: datetime | None


class Case(NamedTuple):
    """What was recorded, under which regimes, and what follows."""

    name: str
    regulators: Regulators
    records: list[RegulatoryRecord]
    now: datetime
    expected: list[Expected]


def cases() -> Iterator[Case]:
    """All of them."""
    _, *told = Path(__file__).with_name("cases.txt").read_text().split("\n== ")
    for each in told:
        name, *lines = each.strip().splitlines()
        yield _case(name, lines)


def _case(name: str, lines: list[str]) -> Case:
    policy, records, expected, now = "built in", list[RegulatoryRecord](), list[Expected](), None
    for line in lines:
        first, rest = line.split(" ", 1)
        if first == "policy":
            policy = rest
        elif first == "now":
            now = moment(rest)
        elif (found := _LINE.fullmatch(line)) is not None:
            records.append(_record(len(records) + 1, found))
        else:
            expected.append(_expected(line))
    assert now is not None, name
    return Case(name, POLICIES[policy], records, now, expected)


def _record(number: int, found: re.Match[str]) -> RegulatoryRecord:
    fact = "report_submitted" if found["fact"] == "submitted" else found["fact"]
    return RegulatoryRecord(
        record=number,
        fact=RegulatoryFact(fact),
        at=moment(found["at"]),
        regime=found["regime"],
        report=found["report"],
        retracted=bool(found["no"]),
        replaces=int(found["replaces"]) if found["replaces"] else None,
    )


def _expected(line: str) -> Expected:
    regime, report, state, due = line.split(" ", 3)
    told = due.removeprefix("due=")
    return Expected(
        regime, report, None if state == "-" else state, None if told == "-" else moment(told)
    )


def moment(told: str) -> datetime:
    """Such as 2026-03-02 09:00."""
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def _changed(change: Any) -> Regulators:
    document = BUILT_IN.model_dump(mode="json")
    change(document)
    return regulators_of(document, 2)


def _with_holidays(document: dict[str, Any]) -> None:
    document["calendars"]["eu"]["holidays"] = [{"date": day} for day in HOLIDAYS]


def _of_a_bank(document: dict[str, Any]) -> None:
    dora, *_, gdpr = document["regimes"]
    for report in dora["reports"][:2]:
        report["on_non_working_day"] = "due_then"
    gdpr["applies"] = False


POLICIES = {
    "built in": regulators_of(None, 1),
    "holidays": _changed(_with_holidays),
    "bank": _changed(_of_a_bank),
}
