"""Which command an incident takes in which state, and from whom: the field's table, as data.

"=" leaves the status as it is, "-" refuses, a status is where the command leads.
"""

from enum import StrEnum
from typing import NamedTuple

from shared.auth.roles import Role


class Status(StrEnum):
    NEW = "new"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Rule(NamedTuple):
    """One command: where it leads from each status (None refuses), and the roles that may give it."""

    leads: dict[Status, Status | None]
    roles: frozenset[Role]


_TABLE = """
command      | new         | in_progress | on_hold     | resolved    | closed      | cancelled | merged
categorise   | =           | =           | =           | =           | -           | -         | -
prioritise   | =           | =           | =           | =           | -           | -         | -
assign       | =           | =           | =           | =           | -           | -         | -
acknowledge  | in_progress | =           | -           | -           | -           | -         | -
start        | in_progress | -           | in_progress | -           | -           | -         | -
hold         | on_hold     | on_hold     | on_hold     | -           | -           | -         | -
resume       | -           | -           | in_progress | -           | -           | -         | -
diagnose     | =           | =           | =           | =           | -           | -         | -
note         | =           | =           | =           | =           | =           | =         | -
mitigate     | =           | =           | =           | -           | -           | -         | -
resolve      | resolved    | resolved    | resolved    | -           | -           | -         | -
reopen       | -           | -           | -           | in_progress | in_progress | -         | -
close        | -           | -           | -           | closed      | -           | -         | -
cancel       | cancelled   | cancelled   | cancelled   | -           | -           | -         | -
"""
_AGENTS = frozenset({Role.RESPONDER, Role.INCIDENT_MANAGER})
_ALSO_REPORTER = frozenset({"note", "reopen"})

DECLARERS = frozenset({Role.REPORTER, Role.RESPONDER, Role.INCIDENT_MANAGER, Role.SERVICE})
READERS = frozenset(Role) - {Role.REPORTER}
"""Roles that read whatever is not restricted; a reporter reads what they reported."""


def _read(table: str) -> dict[str, Rule]:
    head, *lines = ([cell.strip() for cell in line.split("|")] for line in table.strip().split("\n"))
    return {
        command: Rule(
            {Status(status): _target(Status(status), cell) for status, cell in zip(head[1:], cells, strict=True)},
            _AGENTS | {Role.REPORTER} if command in _ALSO_REPORTER else _AGENTS,
        )
        for command, *cells in lines
    }


def _target(status: Status, cell: str) -> Status | None:
    return {"=": status, "-": None}.get(cell) or (Status(cell) if cell != "-" else None)


RULES = _read(_TABLE)
"""By command, in the order they are usually given."""

WHY_NOT = {
    Status.NEW: "the incident is new",
    Status.IN_PROGRESS: "the incident is in progress",
    Status.ON_HOLD: "the incident is on hold; resume it first",
    Status.RESOLVED: "the incident is resolved; reopen it first",
    Status.CLOSED: "the incident is closed; reopen it first",
    Status.CANCELLED: "the incident is cancelled",
    Status.MERGED: "the incident is merged into another",
}
