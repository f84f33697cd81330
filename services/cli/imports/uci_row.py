"""Rows of the UCI log in the words of a backfill; docs/import-uci.md has the table.

Neighbouring rows of a ticket are nearly alike: only the columns that differ are looked at.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from shared.process import CannotStart

NULL = "?"
Cells = Sequence[str]
_Convert = Callable[[str], Any]

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
_HINDSIGHT = ("closed_code", "resolved_by", "resolved_at", "closed_at")
_NEEDED = ("number", "sys_updated_at", "sys_updated_by", *_HINDSIGHT)


class BadRow(ValueError):
    """What is wrong with a row."""


class Mapping:
    """How this header's columns are told; times are of this zone."""

    def __init__(self, header: Cells, zone: tzinfo) -> None:
        ours = _ours()
        kept = _kept(lambda text: time_of(text, zone))
        if missing := {*_NEEDED, *ours, *kept} - set(header):
            raise CannotStart(f"this is not the UCI log: it has no {', '.join(sorted(missing))}")
        self._zone = zone
        self._header = header
        self._place = {name: place for place, name in enumerate(header)}
        self._ours = {self._place[name]: told for name, told in ours.items()}
        self._kept = {self._place[name]: (name, told) for name, told in kept.items()}
        self._at, self._by = self._place["sys_updated_at"], self._place["sys_updated_by"]
        self._count = self._place["sys_mod_count"]
        self.width = len(header)

    def cell(self, cells: Cells, name: str) -> str:
        """What stands in this column."""
        return cells[self._place[name]]

    def step(self, cells: Cells, before: Cells | None) -> dict[str, Any]:
        """What this row says that the ticket's row before it did not. Raises BadRow."""
        at = time_of(cells[self._at], self._zone)
        if at is None:
            raise BadRow("sys_updated_at is missing")
        said: dict[str, Any] = {}
        # Its own number is stated by each step, which tells it from the others of its minute.
        kept: dict[str, Any] = {"sys_mod_count": count_of(cells[self._count])}
        for place, text in enumerate(cells):
            if before is None or text != before[place]:
                try:
                    self._tell(place, text, said, kept)
                except BadRow as reason:
                    raise BadRow(f"{self._header[place]} {reason}") from None
        if before is None:
            said = {name: value for name, value in said.items() if value is not None}
        return {"at": at, "by": known(cells[self._by]) or "unknown", "set": said, "source": kept}

    def hindsight(self, cells: Cells) -> dict[str, Any]:
        """What every row of a ticket says of its end: told with the last of them."""
        told = {name: known(self.cell(cells, name)) for name in _HINDSIGHT}
        for name in ("resolved_at", "closed_at"):
            try:
                told[name] = time_of(told[name] or NULL, self._zone)
            except BadRow:
                continue  # as it stands there
        return told

    def _tell(self, place: int, text: str, said: dict[str, Any], kept: dict[str, Any]) -> None:
        if (ours := self._ours.get(place)) is not None:
            said |= ours(text)
        if (named := self._kept.get(place)) is not None:
            name, convert = named
            kept[name] = None if text in (NULL, "") else convert(text)


def known(text: str) -> str | None:
    """A key as it stands there; None for the log's `?`."""
    return None if text in (NULL, "") else text.strip()[:100] or None


@lru_cache(4096)
def time_of(text: str, zone: tzinfo) -> str | None:
    """`d/m/Y H:M` of this zone as RFC 3339. Raises BadRow."""
    if text in (NULL, ""):
        return None
    try:
        date, clock = text.split(" ")
        day, month, year = map(int, date.split("/"))
        hour, minute = map(int, clock.split(":"))
        return datetime(year, month, day, hour, minute, tzinfo=zone).isoformat()
    except ValueError:
        raise BadRow(f"{text} is no time such as 29/2/2016 01:23") from None


def count_of(text: str) -> int:
    """A counter. Raises BadRow."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRow(f"{text} is no count")
    return int(text)


def _level(text: str) -> int | None:
    """Such as `2`, or `2 - Medium`."""
    if text in (NULL, ""):
        return None
    digit = text.partition(" ")[0]
    if digit not in set("123456789"):
        raise BadRow(f"{text} does not begin with 1 to 9")
    return int(digit)


def _verdict(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise BadRow(f"{text} is neither true nor false")
    return text.lower() == "true"


def _status(text: str) -> dict[str, str]:
    if text not in _STATES:
        raise BadRow(f"{text} is none of the source's states")
    return _STATES[text]


def _as(name: str, convert: _Convert) -> _Convert:
    return lambda text: {name: convert(text)}


def _ours() -> dict[str, _Convert]:
    """By column, what becomes a field of ours."""
    levels = {name: _as(name, _level) for name in ("impact", "urgency", "priority")}
    keys = {name: _as(name, known) for name in ("category", "subcategory", "assigned_to")}
    named = {"cmdb_ci": _as("item", known), "assignment_group": _as("group", known)}
    return {"incident_state": _status, **levels, **keys, **named}


def _kept(time: _Convert) -> dict[str, _Convert]:
    """By column, what is kept as the source has it."""
    counters = ("reassignment_count", "reopen_count", "sys_mod_count")
    verdicts = ("active", "made_sla", "knowledge", "u_priority_confirmation")
    words = (
        "incident_state", "caller_id", "opened_by", "sys_created_by", "contact_type", "location",
        "u_symptom", "notify", "problem_id", "rfc", "vendor", "caused_by",
    )  # fmt: skip
    return (
        dict.fromkeys(counters, count_of)
        | dict.fromkeys(verdicts, _verdict)
        | dict.fromkeys(words, lambda text: text[:1000])
        | dict.fromkeys(("opened_at", "sys_created_at"), time)
    )
