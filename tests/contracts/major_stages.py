"""Scenes of major incidents: what must have happened before, and which fields must be real."""

from typing import Any

COMMANDER = {"role": "incident_commander", "person": "demo-admin"}
_BODIES: dict[str, dict[str, Any]] = {
    "propose-major": {"reason": "Down"},
    "accept-major": {},
    "assign-role": COMMANDER,
    "request-responder": {"group": "network", "message": "Come"},
}
_WAYS = {
    "reject-major": ["propose-major"],
    "demote-major": ["accept-major"],
    "assign-role": ["accept-major"],
    "accept-role": ["accept-major", "assign-role"],
    "hand-over": ["accept-major", "assign-role"],
    "request-responder": ["accept-major"],
    "answer-request": ["accept-major", "request-responder"],
    "post-update": ["accept-major"],
    "snooze-update": ["accept-major"],
    "decide": ["accept-major"],
}
_REAL: dict[str, dict[str, Any]] = {
    "accept-role": {"role": "incident_commander"},
    "hand-over": {"role": "incident_commander"},
    "request-responder": {
        "person": "bob",
        "group": None,
        "schedule": None,
        "escalation_policy": None,
        "then": [{"schedule": "network"}],
    },
    "answer-request": {"request": None, "person": None},
    "post-update": {"next_update_at": None, "final": False},
    "snooze-update": {"audience": "management"},
    "close": {"waive_problem": None},
}


def way_to(command: str) -> list[tuple[str, dict[str, Any]]]:
    """The commands, with their bodies, that make this one possible."""
    return [(name, _BODIES[name]) for name in _WAYS.get(command, [])]


def real(command: str) -> dict[str, Any]:
    """What its body must say."""
    return _REAL.get(command, {})
