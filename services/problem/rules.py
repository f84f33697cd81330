"""Which command a problem takes in which state, and from whom: the field's table, as data.

"=" leaves the status as it is, "-" refuses, a status is where the command leads.
"""

from enum import StrEnum
from typing import NamedTuple

from shared.auth.roles import Role
from shared.table import leads_of


class Status(StrEnum):
    NEW = "new"
    ASSESSING = "assessing"
    ROOT_CAUSE_ANALYSIS = "root_cause_analysis"
    FIX_IN_PROGRESS = "fix_in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"
    RISK_ACCEPTED = "risk_accepted"
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"


class Rule(NamedTuple):
    """One command: where it leads from each status (None refuses), and who may give it."""

    leads: dict[Status, Status | None]
    roles: frozenset[Role]


_SHORT = {
    "new": Status.NEW,
    "assess": Status.ASSESSING,
    "analysis": Status.ROOT_CAUSE_ANALYSIS,
    "fix": Status.FIX_IN_PROGRESS,
    "resolved": Status.RESOLVED,
    "closed": Status.CLOSED,
    "risk": Status.RISK_ACCEPTED,
    "dup": Status.DUPLICATE,
    "cancel": Status.CANCELLED,
}
_TABLE = """
command            | new   | assess  | analysis| fix     | resolved| closed  | risk    | dup| cancel
assess             | assess| -       | -       | -       | -       | -       | -       | -  | -
confirm            | -     | analysis| -       | -       | -       | -       | -       | -  | -
analyse            | =     | =       | =       | =       | =       | -       | =       | -  | -
add-hypothesis     | =     | =       | =       | =       | =       | -       | =       | -  | -
note               | =     | =       | =       | =       | =       | =       | =       | -  | -
link-incident      | =     | =       | =       | =       | =       | =       | =       | -  | -
unlink-incident    | =     | =       | =       | =       | =       | =       | =       | -  | -
add-task           | =     | =       | =       | =       | =       | -       | =       | -  | -
complete-task      | =     | =       | =       | =       | =       | -       | =       | -  | -
assign             | =     | =       | =       | =       | =       | -       | =       | -  | -
prioritise         | =     | =       | =       | =       | =       | -       | =       | -  | -
record-root-cause  | -     | -       | =       | =       | -       | -       | -       | -  | -
draft-workaround   | =     | =       | =       | =       | =       | =       | =       | -  | -
publish-workaround | =     | =       | =       | =       | =       | =       | =       | -  | -
withdraw-workaround| =     | =       | =       | =       | =       | =       | =       | -  | -
plan-fix           | -     | -       | fix     | -       | -       | -       | -       | -  | -
record-change      | -     | -       | -       | =       | =       | -       | -       | -  | -
resolve            | -     | -       | -       | resolved| -       | -       | -       | -  | -
reject-fix         | -     | -       | -       | -       | fix     | -       | -       | -  | -
review             | -     | -       | =       | =       | =       | -       | =       | -  | -
close              | -     | -       | -       | -       | closed  | -       | closed  | -  | -
accept-risk        | -     | -       | risk    | risk    | -       | -       | -       | -  | -
mark-duplicate     | dup   | dup     | dup     | -       | -       | -       | -       | -  | -
cancel             | cancel| cancel  | -       | -       | -       | -       | -       | -  | -
reanalyse          | -     | -       | -       | -       | analysis| analysis| analysis| -  | -
"""
MANAGERS = frozenset({Role.PROBLEM_MANAGER})
"""Roles that may give every command."""
_ALSO_RESPONDERS = frozenset({"analyse", "add-hypothesis", "note", "add-task", "complete-task"})

RAISERS = frozenset({Role.RESPONDER, Role.PROBLEM_MANAGER})
"""Roles that may raise a problem."""
READERS = frozenset(Role) - {Role.REPORTER}
"""Roles that read problems: every one but the reporter."""


def _roles(command: str) -> frozenset[Role]:
    return RAISERS if command in _ALSO_RESPONDERS else MANAGERS


RULES = {
    command: Rule(leads, _roles(command))
    for command, leads in leads_of(_TABLE, _SHORT.__getitem__).items()
}
"""By command, in the order they are usually given."""

WHY_NOT = {
    Status.NEW: "the problem is new; assess it first",
    Status.ASSESSING: "the problem is being assessed; confirm it first",
    Status.ROOT_CAUSE_ANALYSIS: "the problem is being analysed; plan its fix, or accept the risk",
    Status.FIX_IN_PROGRESS: "a fix is in progress; resolve the problem, or accept the risk",
    Status.RESOLVED: "the problem is resolved; reject the fix or reanalyse it first",
    Status.CLOSED: "the problem is closed; reanalyse it first",
    Status.RISK_ACCEPTED: "its risk is accepted; reanalyse it first",
    Status.DUPLICATE: "the problem is a duplicate of another; work on that one",
    Status.CANCELLED: "the problem is cancelled; raise another one",
}
