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
    """One command: where it leads from each status (None refuses), and who may give it."""

    leads: dict[Status, Status | None]
    roles: frozenset[Role]


_TABLE = """
command    | new        | in_progress| on_hold    | resolved   | closed     | cancelled| merged
categorise | =          | =          | =          | =          | -          | -        | -
prioritise | =          | =          | =          | =          | -          | -        | -
assign     | =          | =          | =          | =          | -          | -        | -
acknowledge| in_progress| =          | -          | -          | -          | -        | -
start      | in_progress| -          | in_progress| -          | -          | -        | -
hold       | on_hold    | on_hold    | on_hold    | -          | -          | -        | -
resume     | -          | -          | in_progress| -          | -          | -        | -
diagnose   | =          | =          | =          | =          | -          | -        | -
note       | =          | =          | =          | =          | =          | =        | -
mitigate   | =          | =          | =          | -          | -          | -        | -
resolve    | resolved   | resolved   | resolved   | -          | -          | -        | -
reopen     | -          | -          | -          | in_progress| in_progress| -        | -
close      | -          | -          | -          | closed     | -          | -        | -
cancel     | cancelled  | cancelled  | cancelled  | -          | -          | -        | -
"""
_AGENTS = frozenset({Role.RESPONDER, Role.INCIDENT_MANAGER})
_ALSO_REPORTER = frozenset({"note", "reopen"})

DECLARERS = frozenset({Role.REPORTER, Role.RESPONDER, Role.INCIDENT_MANAGER, Role.SERVICE})
READERS = frozenset(Role) - {Role.REPORTER}
"""Roles that read whatever is not restricted; a reporter reads what they reported."""


def _read(table: str) -> dict[str, Rule]:
    lines = table.strip().split("\n")
    head, *rest = ([cell.strip() for cell in line.split("|")] for line in lines)
    statuses = [Status(name) for name in head[1:]]
    return {command: _rule(command, statuses, cells) for command, *cells in rest}


def _rule(command: str, statuses: list[Status], cells: list[str]) -> Rule:
    leads = {status: _target(status, cell) for status, cell in zip(statuses, cells, strict=True)}
    return Rule(leads, _AGENTS | {Role.REPORTER} if command in _ALSO_REPORTER else _AGENTS)


def _target(status: Status, cell: str) -> Status | None:
    if cell == "-":
        return None
    return status if cell == "=" else Status(cell)


RULES = _read(_TABLE)
"""By command, in the order they are usually given."""


def roles_for(command: str, status: Status | None) -> frozenset[Role]:
    """Who may give a command in this status: a closed incident is its manager's to reopen."""
    if command == "reopen" and status is Status.CLOSED:
        return frozenset({Role.INCIDENT_MANAGER})
    return RULES[command].roles


WHY_NOT = {
    Status.NEW: "the incident is new",
    Status.IN_PROGRESS: "the incident is in progress",
    Status.ON_HOLD: "the incident is on hold; resume it first",
    Status.RESOLVED: "the incident is resolved; reopen it first",
    Status.CLOSED: "the incident is closed; reopen it first",
    Status.CANCELLED: "the incident is cancelled",
    Status.MERGED: "the incident is merged into another",
}
