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
reply      | =          | =          | =          | =          | -          | -        | -
diagnose   | =          | =          | =          | =          | -          | -        | -
note       | =          | =          | =          | =          | =          | =        | -
escalate   | =          | =          | =          | -          | -          | -        | -
mitigate   | =          | =          | =          | -          | -          | -        | -
resolve    | resolved   | resolved   | resolved   | -          | -          | -        | -
reopen     | -          | -          | -          | in_progress| in_progress| -        | -
close      | -          | -          | -          | closed     | -          | -        | -
cancel     | cancelled  | cancelled  | cancelled  | -          | -          | -        | -
link       | =          | =          | =          | =          | =          | =        | -
unlink     | =          | =          | =          | =          | =          | =        | -
correct-milestone | =   | =          | =          | =          | =          | =        | -
add-child  | =          | =          | =          | =          | -          | -        | -
remove-child | =        | =          | =          | =          | -          | -        | -
merge      | merged     | merged     | merged     | merged     | -          | -        | -
unmerge    | -          | -          | -          | -          | -          | -        | before
restrict   | =          | =          | =          | =          | =          | =        | -
"""
"""A reply ends a hold that awaits the caller; `before` is the status it had before the merge."""

_ROLES = """
                          | reporter | responder | incident_manager | service
declare                   | any      | any       | any              | any
note reply reopen         | own      | any       | any              | -
reopen-closed             | -        | -         | any              | -
merge unmerge restrict    | -        | -         | any              | -
every other               | -        | any       | any              | -
"""
"""Whose incidents each role may give a command; what only a manager may is no responder's."""

SURVIVOR = "{survivor}"
"""Stands in a reason for the number of the incident that a merged one goes on in."""

OPEN = frozenset({Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD})
ENDED = frozenset({Status.CLOSED, Status.CANCELLED, Status.MERGED})
READERS = frozenset(Role) - {Role.REPORTER}
"""Roles that read whatever is not restricted; a reporter reads what they reported."""


def _read(table: str) -> dict[str, Rule]:
    lines = table.strip().split("\n")
    head, *rest = ([cell.strip() for cell in line.split("|")] for line in lines)
    statuses = [Status(name) for name in head[1:]]
    return {command: _rule(command, statuses, cells) for command, *cells in rest}


def _rule(command: str, statuses: list[Status], cells: list[str]) -> Rule:
    leads = {status: _target(status, cell) for status, cell in zip(statuses, cells, strict=True)}
    return Rule(leads, _roles(command))


def _target(status: Status, cell: str) -> Status | None:
    if cell == "-":
        return None
    return status if cell in ("=", "before") else Status(cell)


def _roles(command: str) -> frozenset[Role]:
    head, *rest = (line.split("|") for line in _ROLES.strip("\n").split("\n"))
    named = [cells for cells in rest if command in cells[0].split()] or rest[-1:]
    given = zip(head[1:], named[0][1:], strict=True)
    return frozenset(Role(role.strip()) for role, cell in given if cell.strip() != "-")


RULES = _read(_TABLE)
"""By command, in the order they are usually given."""


def roles_for(command: str, status: Status | None) -> frozenset[Role]:
    """Who may give a command in this status: a closed incident is its manager's to reopen."""
    return _REOPENS_CLOSED if (command, status) == _CLOSED_AGAIN else RULES[command].roles


DECLARERS = _roles("declare")
AGENTS = _roles("every")
_CLOSED_AGAIN = ("reopen", Status.CLOSED)
_REOPENS_CLOSED = _roles("reopen-closed")


WHY_NOT = {
    Status.NEW: "the incident is new",
    Status.IN_PROGRESS: "the incident is in progress",
    Status.ON_HOLD: "the incident is on hold; resume it first",
    Status.RESOLVED: "the incident is resolved; reopen it first",
    Status.CLOSED: "the incident is closed; reopen it first",
    Status.CANCELLED: "the incident is cancelled",
    Status.MERGED: f"the incident is merged into {SURVIVOR}",
}
