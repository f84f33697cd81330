"""Which command a notification takes in which state, and from whom, as data.

"=" leaves the status as it is, "-" refuses, a status is where the command leads.
"""

from enum import StrEnum
from typing import NamedTuple

from shared.auth.roles import Role
from shared.table import leads_of


class Status(StrEnum):
    WAITING = "waiting"  # for its next attempt
    SENDING = "sending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"  # a dead letter, until redriven
    BUNDLED = "bundled"  # told by another one that names it
    CANCELLED = "cancelled"  # acknowledged, or called off, before it was delivered


class Rule(NamedTuple):
    """One command: where it leads from each status (None refuses), and who may give it."""

    leads: dict[Status, Status | None]
    roles: frozenset[Role]


_TABLE = """
command     | waiting   | sending | delivered | exhausted | bundled | cancelled
acknowledge | cancelled | =       | =         | =         | =       | =
redrive     | -         | -       | -         | waiting   | -       | -
"""
FINAL = frozenset({Status.DELIVERED, Status.EXHAUSTED, Status.BUNDLED, Status.CANCELLED})
READERS = frozenset(Role) - {Role.REPORTER}
"""Roles that read whatever is not restricted; a reporter reads what is their own."""
ADMINS = frozenset({Role.NOTIFICATION_ADMIN})
OWN = frozenset({"acknowledge"})
"""What everybody may do with their own notifications."""


RULES = {command: Rule(leads, ADMINS) for command, leads in leads_of(_TABLE, Status).items()}

WHY_NOT = {
    Status.WAITING: "it is tried again by itself",
    Status.SENDING: "it is being delivered at this moment",
    Status.DELIVERED: "it has been delivered",
    Status.EXHAUSTED: "it could not be delivered; redrive it",
    Status.BUNDLED: "it is told by another one, with others; redrive that one",
    Status.CANCELLED: "it was acknowledged or called off before it was delivered",
}
