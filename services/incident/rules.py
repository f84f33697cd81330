"""Which command an incident takes in which state, and from whom: the field's table, as data.

"=" leaves the status as it is, "-" refuses, a status is where the command leads.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from shared.auth.roles import Role
from shared.table import leads_of, rows_of


class Status(StrEnum):
    NEW = "new"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


class MajorState(StrEnum):
    """Beside the status: whether it is a major incident."""

    NONE = "none"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEMOTED = "demoted"


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
propose-major | =       | =          | =          | -          | -          | -        | -
accept-major | =        | =          | =          | =          | -          | -        | -
reject-major | =        | =          | =          | =          | -          | -        | -
demote-major | =        | =          | =          | -          | -          | -        | -
assign-role | =         | =          | =          | =          | -          | -        | -
accept-role | =         | =          | =          | =          | -          | -        | -
hand-over  | =          | =          | =          | =          | -          | -        | -
request-responder | =   | =          | =          | -          | -          | -        | -
answer-request | =      | =          | =          | -          | -          | -        | -
post-update | =         | =          | =          | =          | -          | -        | -
snooze-update | =       | =          | =          | =          | -          | -        | -
decide     | =          | =          | =          | =          | -          | -        | -
record-regulatory | =   | =          | =          | =          | =          | =        | -
"""
"""A reply ends a hold that awaits the caller; `before` is the status it had before the merge."""

_ROLES = """
                        |reporter|responder|incident_manager|major_incident_manager|service
declare                 | any    | any     | any            | -                    | any
note reply reopen       | own    | any     | any            | -                    | -
reopen-closed           | -      | -       | any            | -                    | -
merge unmerge restrict  | -      | -       | any            | -                    | -
close-accepted          | -      | -       | -              | any                  | -
propose-major           | -      | -       | any            | any                  | -
accept-major            | -      | -       | -              | any                  | -
reject-major            | -      | -       | -              | any                  | -
demote-major            | -      | -       | -              | any                  | -
record-regulatory       | -      | -       | -              | any                  | -
request-responder       | -      | any     | any            | any                  | -
assign-role hand-over   | -      | part    | part           | any                  | -
accept-role             | -      | part    | part           | part                 | -
post-update             | -      | part    | part           | any                  | -
snooze-update           | -      | part    | part           | any                  | -
decide answer-request   | -      | part    | part           | any                  | -
every other             | -      | any     | any            | -                    | -
"""
"""Whose incidents each role may give a command; what only a manager may is no responder's.

`part`: of a major incident that whoever calls takes part in, as `major/rights.py` says.
"""

SURVIVOR = "{survivor}"
"""Stands in a reason for the number of the incident that a merged one goes on in."""

OPEN = frozenset({Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD})
ENDED = frozenset({Status.CLOSED, Status.CANCELLED, Status.MERGED})
READERS = frozenset(Role) - {Role.REPORTER}
"""Roles that read whatever is not restricted; a reporter reads what they reported."""


def _cells(command: str) -> Iterable[tuple[Role, str]]:
    head, *lines = rows_of(_ROLES)
    named = next((cells for cells in lines if command in cells[0].split()), lines[-1])
    return [(Role(role), cell) for role, cell in zip(head[1:], named[1:], strict=True)]


def _roles(command: str) -> frozenset[Role]:
    return frozenset(role for role, cell in _cells(command) if cell != "-")


def _of_any(command: str) -> frozenset[Role]:
    return frozenset(role for role, cell in _cells(command) if cell == "any")


RULES = {
    command: Rule(leads, _roles(command))
    for command, leads in leads_of(_TABLE, Status, stays=("=", "before")).items()
}
"""By command, in the order they are usually given."""


def roles_for(
    command: str, status: Status | None, major: MajorState = MajorState.NONE
) -> frozenset[Role]:
    """Who may give a command: a closed incident is its manager's to reopen, and an accepted major
    one is the major incident manager's to close."""
    if (command, major) == ("close", MajorState.ACCEPTED):
        return CLOSES_ACCEPTED
    return _REOPENS_CLOSED if (command, status) == _CLOSED_AGAIN else RULES[command].roles


PARTAKING = {name: _of_any(name) for name in RULES if "part" in dict(_cells(name)).values()}
"""Commands for those who take part, and who may give them without."""

DECLARERS = _roles("declare")
CLOSES_ACCEPTED = _roles("close-accepted")
AGENTS = _roles("every")
_CLOSED_AGAIN = ("reopen", Status.CLOSED)
_REOPENS_CLOSED = _roles("reopen-closed")


_MAJOR = """
command       | none     | proposed | accepted | rejected | demoted
propose-major | proposed | =        | -        | proposed | proposed
accept-major  | accepted | accepted | =        | accepted | accepted
reject-major  | -        | rejected | -        | =        | -
demote-major  | -        | -        | demoted  | -        | =
assign-role   | -        | -        | =        | -        | -
accept-role   | -        | -        | =        | -        | -
hand-over     | -        | -        | =        | -        | -
request-responder | -    | -        | =        | -        | -
answer-request | -       | -        | =        | -        | -
post-update   | -        | -        | =        | -        | -
snooze-update | -        | -        | =        | -        | -
decide        | -        | -        | =        | -        | -
cancel        | =        | none     | -        | =        | =
merge         | =        | =        | -        | =        | =
"""
"""Beside the status; every other command leaves it as it is."""


MAJOR_RULES = leads_of(_MAJOR, MajorState)
"""By command, where it leads the major state from each; None refuses."""

WHY_NOT = {
    Status.NEW: "the incident is new",
    Status.IN_PROGRESS: "the incident is in progress",
    Status.ON_HOLD: "the incident is on hold; resume it first",
    Status.RESOLVED: "the incident is resolved; reopen it first",
    Status.CLOSED: "the incident is closed; reopen it first",
    Status.CANCELLED: "the incident is cancelled",
    Status.MERGED: f"the incident is merged into {SURVIVOR}",
}

WHY_NOT_MAJOR = {
    MajorState.NONE: "it is not a major incident",
    MajorState.PROPOSED: "it is only proposed as a major incident; accept it first",
    MajorState.ACCEPTED: "it is a major incident; demote it first",
    MajorState.REJECTED: "it was rejected as a major incident",
    MajorState.DEMOTED: "it is no longer a major incident",
}
NO_LONGER_DEMOTED = "it is a major incident that is resolved; it ends by being closed"
