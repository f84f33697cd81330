"""One row of the UCI log in the words of a backfill; docs/import-uci.md has the table."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

NULL = "?"
_STATES: dict[str, dict[str, str]] = {
    "New": {"status": "new"},
    "Active": {"status": "in_progress"},
    "Awaiting User Info": {"status": "on_hold", "hold_reason": "awaiting_caller"},
    "Awaiting Problem": {"status": "on_hold", "hold_reason": "awaiting_problem"},
    "Awaiting Vendor": {"status": "on_hold", "hold_reason": "awaiting_vendor"},
    "Awaiting Evidence": {"status": "on_hold", "hold_reason": "awaiting_evidence"},
    "Resolved": {"status": "resolved"},
    "Closed": {"status": "closed"},
}
_OURS = {
    "category": "category",
    "subcategory": "subcategory",
    "cmdb_ci": "item",
    "impact": "impact",
    "urgency": "urgency",
    "priority": "priority",
    "assignment_group": "group",
    "assigned_to": "assigned_to",
}
_COUNTERS = ("reassignment_count", "reopen_count", "sys_mod_count")
_VERDICTS = ("active", "made_sla", "knowledge", "u_priority_confirmation")
_LEVELS = ("impact", "urgency", "priority")
_KEPT = (
    "incident_state", *_COUNTERS, *_VERDICTS, "caller_id", "opened_by", "opened_at",
    "sys_created_by", "sys_created_at", "contact_type", "location", "u_symptom", "notify",
    "problem_id", "rfc", "vendor", "caused_by",
)  # fmt: skip
_ALWAYS = "sys_mod_count"
"""Stated by each step, so that each can be told from the others of its minute."""
_HINDSIGHT = ("closed_code", "resolved_by", "resolved_at", "closed_at")
_TIMES = ("opened_at", "sys_created_at", "resolved_at", "closed_at")

COLUMNS = {"number", "sys_updated_at", "sys_updated_by", *_OURS, *_KEPT, *_HINDSIGHT}

Cells = Mapping[str, str]


class BadRow(ValueError):
    """What is wrong with a row."""


def step_of(cells: Cells, before: Cells, zone: tzinfo) -> dict[str, Any]:
    """What this row says that the ticket's row before it did not. Raises BadRow."""
    at = time_of(cells["sys_updated_at"], zone)
    if at is None:
        raise BadRow("sys_updated_at is missing")
    by = known(cells["sys_updated_by"]) or "unknown"
    said, kept = _said(cells, before), _kept(cells, _KEPT, before, zone)
    return {"at": at, "by": by, "set": said, "source": kept}


def hindsight_of(cells: Cells, zone: tzinfo) -> dict[str, Any]:
    """What every row of a ticket says of its end: told with the last of them."""
    try:
        return _kept(cells, _HINDSIGHT, {}, zone)
    except BadRow:
        return {name: known(cells[name]) for name in _HINDSIGHT}


def known(text: str) -> str | None:
    """A key as it stands there; None for the log's `?`."""
    return None if text in (NULL, "") else text.strip()[:100] or None


def time_of(text: str, zone: tzinfo) -> str | None:
    """`d/m/Y H:M` of this zone as RFC 3339. Raises BadRow."""
    if text in (NULL, ""):
        return None
    try:
        date, clock = text.split(" ")
        day, month, year = date.split("/")
        hour, minute = clock.split(":")
        local = datetime(*map(int, (year, month, day, hour, minute)), tzinfo=zone)  # type: ignore[arg-type, misc]
    except ValueError:
        raise BadRow(f"{text} is no time such as 29/2/2016 01:23") from None
    return local.isoformat()


def _said(cells: Cells, before: Cells) -> dict[str, Any]:
    said: dict[str, Any] = {}
    state = cells["incident_state"]
    if state != before.get("incident_state"):
        if state not in _STATES:
            raise BadRow(f"incident_state {state} is none of the source's states")
        said |= _STATES[state]
    for name, ours in _OURS.items():
        if (text := cells[name]) != before.get(name, NULL):
            said[ours] = _level(name, text) if name in _LEVELS else known(text)
    return said


def _kept(cells: Cells, names: Sequence[str], before: Cells, zone: tzinfo) -> dict[str, Any]:
    told = ((n, cells[n]) for n in names if n == _ALWAYS or cells[n] != before.get(n))
    return {name: _value(name, text, zone) for name, text in told}


def _value(name: str, text: str, zone: tzinfo) -> Any:
    if text in (NULL, ""):
        return None
    if name in _TIMES:
        return time_of(text, zone)
    convert = _CONVERT.get(name)
    return convert(name, text) if convert else text[:1000]


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRow(f"{name} {text} is no count")
    return int(text)


def _level(name: str, text: str) -> int | None:
    """Such as `2`, or `2 - Medium`."""
    if text in (NULL, ""):
        return None
    digit = text.partition(" ")[0]
    if digit not in set("123456789"):
        raise BadRow(f"{name} {text} does not begin with 1 to 9")
    return int(digit)


def _verdict(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise BadRow(f"{name} {text} is neither true nor false")
    return text.lower() == "true"


_CONVERT: dict[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(_COUNTERS, _count),
    **dict.fromkeys(_VERDICTS, _verdict),
}
