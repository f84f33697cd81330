"""What is true of a log, found twice and plainly: in its rows, and in what the API tells."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

Row = dict[str, str]
Event = dict[str, Any]

OURS = {
    "category": "category", "subcategory": "subcategory", "item": "cmdb_ci", "impact": "impact",
    "urgency": "urgency", "priority": "priority", "group": "assignment_group",
    "assigned_to": "assigned_to",
}  # fmt: skip
KEPT = (
    "incident_state active reassignment_count reopen_count u_symptom problem_id rfc vendor"
).split()
STATUS = {"New": "new", "Active": "in_progress", "Resolved": "resolved", "Closed": "closed"}


def rows_of(path: Path) -> dict[str, list[Row]]:
    """The rows of each incident, without the bad ones."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    found: dict[str, list[Row]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["incident_state"] != "-100":
            found.setdefault(row["number"], []).append(row)
    return found


def time_of(row: Row) -> datetime:
    return datetime.strptime(row["sys_updated_at"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def row_at(rows: Sequence[Row], moment: datetime) -> Row | None:
    """The last row, in the log's own order, that had been written by then."""
    return next((row for row in reversed(rows) if time_of(row) <= moment), None)


def shown(incident: dict[str, Any]) -> Row:
    """A representation in the words of the log, as far as both can be compared."""
    source = incident["source"]
    told = {name: source[name] for name in KEPT} | {
        theirs: incident[ours] for ours, theirs in OURS.items()
    }
    return {name: _text(value) for name, value in told.items()}


def comparable(row: Row) -> Row:
    return {name: row[name] for name in (*KEPT, *OURS.values())}


def status_of(row: Row) -> str:
    return STATUS.get(row["incident_state"], "on_hold")


def _text(value: Any) -> str:
    if value is None:
        return "?"
    return str(value).lower() if isinstance(value, bool) else str(value)


def facts(histories: Iterable[Sequence[Row]]) -> dict[str, Any]:
    """The facts of its README, of histories in the words of the log."""
    told: Counter[Any] = Counter()
    for rows in histories:
        told["incidents"] += 1
        told["events"] += len(rows)
        told["first", rows[0]["incident_state"]] += 1
        told["last", rows[-1]["incident_state"]] += 1
        told.update(("state", row["incident_state"]) for row in rows)
        told["sla met"] += rows[-1]["made_sla"] == "true"
        told["change priority"] += len({row["priority"] for row in rows}) > 1
        told["linked to a problem"] += any(row["problem_id"] != "?" for row in rows)
        _steps(rows, told)
    return dict(told)


def _steps(rows: Sequence[Row], told: Counter[Any]) -> None:
    reopenings = rises = 0
    for before, after in pairwise(rows):
        here, there = before["incident_state"], after["incident_state"]
        reopenings += here in ("Resolved", "Closed") and there not in (here, "Closed")
        moves = before["assignment_group"] != after["assignment_group"]
        rise = int(after["reassignment_count"]) - int(before["reassignment_count"])
        assert rise == 1 or not moves
        told["group changes"] += moves
        rises += rise if not moves else 0
        told["share a minute"] += before["sys_updated_at"] == after["sys_updated_at"]
        told["sla back"] += (before["made_sla"], after["made_sla"]) == ("false", "true")
    assert reopenings == int(rows[-1]["reopen_count"])
    told["reopenings"] += reopenings
    told["reopened"] += reopenings > 0
    told["rises without a move"] += rises
    told["incidents with such a rise"] += rises > 0


def retold(events: Sequence[Event]) -> list[Row]:
    """The rows that an incident's events tell: each that states something of the source is one."""
    rows: list[Row] = []
    now: Row = {"assignment_group": "?", "priority": "?"}
    for event in events:
        origin, data = event["data"].get("origin"), event["data"]
        if origin is None:
            continue
        if event["type"] in ("incident.declared", "incident.assigned"):
            now = now | {"assignment_group": _text(data.get("group"))}
        if event["type"] in ("incident.declared", "incident.prioritised"):
            now = now | {"priority": _text(data.get("priority"))}
        stated = origin.get("stated")
        now = now | {name: _text(value) for name, value in (stated or {}).items()}
        now = now | {"sys_updated_at": event["effective_at"]}
        if stated is None:
            rows[-1] = now  # the same step
        else:
            rows.append(now)
    return rows
