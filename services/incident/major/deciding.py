"""Decisions and actions of a major incident: who, what, and on what basis."""

from collections.abc import Sequence
from datetime import datetime

from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.major import events as m
from services.incident.major.events import DecisionKind
from services.incident.major.rights import require_part
from shared.auth.roles import Role


def decide(
    incident: Incident,
    *,
    decision: str,
    by: str,
    roles: frozenset[Role],
    at: datetime,
    person: str | None = None,
    basis: str | None = None,
    kind: DecisionKind = DecisionKind.DECISION,
) -> Sequence[IncidentEvent]:
    """One's own, or somebody else's as the scribe writes it down."""
    require(incident, "decide")
    require_part(incident, "decide", by, roles)
    return [m.Decided(decision=decision, person=person or by, at=at, basis=basis, kind=kind)]
