"""Arguments for every command, and ways into every status and every major state."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st

from services.incident import events as e
from services.incident import incident, lifecycle, milestones, restricting, triage
from services.incident.events import (
    HoldReason,
    IncidentEvent,
    Milestone,
    ResolutionCode,
)
from services.incident.incident import Incident
from services.incident.major import deciding, responders, roles, turning, updates
from services.incident.major import events as m
from services.incident.major.events import MajorRole, PlannedUpdate, Target
from services.incident.major.state import open_tasks
from services.incident.matrix import DEFAULT, Matrix
from services.incident.regulators import recording
from services.incident.regulators.events import RegulatoryFact
from services.incident.relations import children, links, merging
from services.incident.relations.events import ChildAdded, Linked, LinkKind
from shared.auth.roles import Role

MATRIX = Matrix(version=1, cells=DEFAULT)
START = datetime(2026, 11, 22, tzinfo=UTC)
BY: dict[str, Any] = {"by": "mia", "roles": frozenset({Role.MAJOR_INCIDENT_MANAGER}), "at": START}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "categorise": {"category": "network"},
    "prioritise": {"impact": 2, "urgency": 1, "matrix": MATRIX},
    "assign": {"group": "network", "person": "ada"},
    "acknowledge": {"at": START},
    "start": {},
    "hold": {"reason": HoldReason.AWAITING_VENDOR},
    "resume": {},
    "diagnose": {"cause": "A leak"},
    "note": {"text": "Seen"},
    "mitigate": {"action": "Failed over", "at": START},
    "resolve": {"code": ResolutionCode.FIXED, "summary": "Rolled back", "at": START},
    "reopen": {
        "reason": "Back",
        "at": START,
        "window": timedelta(days=14),
        "roles": frozenset({Role.INCIDENT_MANAGER}),
    },
    "close": {"at": START},
    "cancel": {"reason": "A test"},
    "restrict": {"by": "ida", "reason": "Under investigation"},
    "reply": {"text": "The second one", "at": START},
    "escalate": {"reason": "Too slow", "at": START, "group": "network"},
    "link": {"kind": LinkKind.CHANGE, "reference": "CHG-8"},
    "unlink": {"kind": LinkKind.CHANGE, "reference": "CHG-7"},
    "correct-milestone": {
        "milestone": Milestone.STARTED,
        "at": START - timedelta(hours=1),
        "reason": "By the monitor",
        "now": START,
    },
    "add-child": {"child": UUID(int=8), "number": 8},
    "remove-child": {"child": UUID(int=9), "number": 9},
    "merge": {"into": UUID(int=2), "number": 2, "at": START},
    "unmerge": {"at": START},
    "propose-major": {"reason": "Down", "at": START},
    "accept-major": {"at": START},
    "reject-major": {"reason": "One user", "at": START},
    "demote-major": {"reason": "One user", "at": START},
    "assign-role": {"role": MajorRole.SCRIBE, "person": "sam"} | BY,
    "accept-role": {"by": "ada", "at": START},
    "hand-over": {"role": MajorRole.INCIDENT_COMMANDER, "person": "bea"} | BY,
    "request-responder": {
        "request": UUID(int=4),
        "asked": [Target(person="bob")],
        "message": "Come",
        "within_minutes": 5,
        "by": "ann",
        "at": START,
    },
    "answer-request": {"request": None, "accepted": True} | BY | {"by": "ann"},
    "post-update": {"update": UUID(int=5), "status": "s", "impact": "i", "action": "a"} | BY,
    "snooze-update": {"audience": "management"} | BY,
    "decide": {"decision": "Fail over"} | BY,
    "record-regulatory": {"origin": RegulatoryFact.AWARE, "at": START, "now": START, "reports": ()},
}
MODULES = (
    *(lifecycle, triage, restricting, milestones, children, merging, links),
    *(turning, roles, responders, updates, deciding, recording),
)
PLAN = (PlannedUpdate(audience="management", first_minutes=15, then_minutes=30, remind_minutes=5),)
RELATED: list[IncidentEvent] = [
    ChildAdded(child=UUID(int=9), number=9),
    Linked(kind=LinkKind.CHANGE, reference="CHG-7"),
]
"""What stands beside it, so that there is something to take away."""
WAYS: dict[str, list[str]] = {
    "new": [],
    "in_progress": ["start"],
    "on_hold": ["hold"],
    "resolved": ["resolve"],
    "closed": ["resolve", "close"],
    "cancelled": ["cancel"],
    "merged": ["merge"],
}
ACCEPTED: list[IncidentEvent] = [
    m.MajorAccepted(at=START),
    m.UpdatesPlanned(at=START, policy_version=1, plan=PLAN),
    m.RoleAssigned(role=MajorRole.INCIDENT_COMMANDER, person="ada", at=START),
    m.ResponderRequested(
        request=UUID(int=3), person="ann", message="Come", within_minutes=5, at=START
    ),
]
MAJOR_WAYS: dict[str, list[IncidentEvent]] = {
    "none": [],
    "proposed": [m.MajorProposed(reason="Down", at=START)],
    "accepted": ACCEPTED,
    "rejected": [m.MajorProposed(at=START), m.MajorRejected(reason="One user", at=START)],
    "demoted": [*ACCEPTED, m.MajorDemoted(reason="One user", at=START)],
}
DONE: list[IncidentEvent] = [
    m.UpdatePosted(
        update=UUID(int=6), audiences=("management",), status="Back", final=True, at=START
    ),
    m.ReviewCompleted(revision=1, at=START),
    m.ProblemWaived(reason="Known"),
]
"""All that must be done before a major incident may close."""
IMPOSSIBLE = {("merged", "accepted"), ("cancelled", "accepted"), ("cancelled", "proposed")}
MAJOR_WAYS_OF = {"propose-major", "accept-major", "reject-major", "demote-major"}
levels = st.integers(1, 3)
names = st.sampled_from(["network", "desk", "database"])
moments = st.integers(0, 10**9).map(lambda n: START + timedelta(microseconds=n))


def decided(state: Incident, command: str, arguments: dict[str, Any]) -> Sequence[IncidentEvent]:
    if command == "remove-child":
        children.require_removal(state)
    name = command.replace("-", "_")
    module = next(m for m in MODULES if hasattr(m, name))
    found: Sequence[IncidentEvent] = getattr(module, name)(state, **arguments)
    return found


def after(state: Incident, events: Sequence[IncidentEvent]) -> Incident:
    for event in events:
        state = incident.evolve(state, event)
    return state


def declared() -> Incident:
    events = lifecycle.declare(Incident(), number=1, title="Slow", reporter="rita", matrix=MATRIX)
    return after(Incident(), events)


def open_tasks_of(held: Incident) -> list[Any]:
    return list(open_tasks(held.major))


def requests_of(held: Incident) -> list[Any]:
    return [each for each in held.major.requests.values() if each.accepted is None]


def in_state(state: str, major: str = "none") -> Incident:
    """It became a major incident while it was new; that is the only way into some of these."""
    held = after(after(declared(), RELATED), MAJOR_WAYS[major])
    steps = [e.Cancelled(reason="A test", at=START)] if state == "cancelled" else []
    for step in () if steps else WAYS[state]:
        if step == "close" and major == "accepted":
            held = after(held, DONE)
        arguments = ARGUMENTS[step] | ({"roles": BY["roles"]} if major == "accepted" else {})
        held = after(held, decided(held, step, arguments if step == "close" else ARGUMENTS[step]))
    held = after(held, steps)
    assert held.status == state
    return held
