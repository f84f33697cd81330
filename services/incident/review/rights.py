"""Who may do what with a review, and what a caller is offered."""

from services.incident.review.review import Standing
from services.incident.rules import AGENTS
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.http.actions import Action, action

WRITERS = AGENTS | {Role.MAJOR_INCIDENT_MANAGER}
COMPLETERS = frozenset({Role.MAJOR_INCIDENT_MANAGER})

_COMMANDS = {
    "open": (WRITERS, {Standing.NONE}),
    "write-section": (WRITERS, {Standing.OPEN}),
    "add-action-item": (WRITERS, {Standing.OPEN}),
    "change-action-item": (WRITERS, {Standing.OPEN, Standing.COMPLETED}),
    "complete-action-item": (WRITERS, {Standing.OPEN, Standing.COMPLETED}),
    "drop-action-item": (WRITERS, {Standing.OPEN, Standing.COMPLETED}),
    "complete": (COMPLETERS, {Standing.OPEN}),
    "reopen": (COMPLETERS, {Standing.COMPLETED}),
}
_WHY_NOT = {
    Standing.NONE: "the review is not opened yet",
    Standing.OPEN: "the review is open",
    Standing.COMPLETED: "the review is completed; reopen it to begin the next revision",
}


def actions_on(incident: object, standing: Standing, caller: Caller) -> list[Action]:
    """The commands this caller may give the review now, with why not for the others."""
    return [_action(incident, name, standing, caller) for name in _COMMANDS]


def _action(incident: object, name: str, standing: Standing, caller: Caller) -> Action:
    roles, standings = _COMMANDS[name]
    ended = None if standing in standings else _WHY_NOT[standing]
    path = f"/v1/incidents/{incident}/review/{name}"
    return action(name, path, ended, caller.lacks(*roles))
