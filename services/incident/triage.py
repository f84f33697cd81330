"""What is found out, said and decided along the way: commands that leave the status as it is."""

from collections.abc import Sequence
from datetime import datetime

from services.incident import events as e
from services.incident.events import EscalationKind, IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.matrix import Matrix
from shared.errors import Refused


def categorise(incident: Incident, /, **named: str | None) -> Sequence[IncidentEvent]:
    require(incident, "categorise")
    known = {
        name: getattr(incident, name) for name in ("category", "subcategory", "service", "item")
    }
    wanted = known | {name: value for name, value in named.items() if value is not None}
    return [] if wanted == known else [e.Categorised(**wanted)]


def prioritise(
    incident: Incident,
    *,
    impact: int,
    urgency: int,
    matrix: Matrix,
    override: int | None = None,
    reason: str | None = None,
) -> Sequence[IncidentEvent]:
    require(incident, "prioritise")
    if override is not None and reason is None:
        raise Refused("overriding the matrix needs a reason")
    looked_up = matrix.priority(impact, urgency)
    if override is not None and override not in matrix.priorities:
        known = ", ".join(map(str, sorted(matrix.priorities)))
        raise Refused(f"the matrix knows the priorities {known}")
    decided = (impact, urgency, override or looked_up, matrix.version)
    held = (incident.impact, incident.urgency, incident.priority, incident.matrix_version)
    if decided == held and reason is None:
        return []
    return [
        e.Prioritised(
            impact=impact,
            urgency=urgency,
            priority=override or looked_up,
            matrix_version=matrix.version,
            overridden=override is not None,
            reason=reason,
        )
    ]


def assign(incident: Incident, /, **named: str | None) -> Sequence[IncidentEvent]:
    """To the group, the person or both that are named; None clears, what is not named stays."""
    require(incident, "assign")
    held = {"group": incident.group, "person": incident.assigned_to}
    wanted = held | named
    return [] if wanted == held else [e.Assigned(group=wanted["group"], person=wanted["person"])]


def note(incident: Incident, *, text: str) -> Sequence[IncidentEvent]:
    require(incident, "note")
    return [e.Noted(text=text)]


def diagnose(
    incident: Incident, *, cause: str, evidence: Sequence[str] = ()
) -> Sequence[IncidentEvent]:
    require(incident, "diagnose")
    return [e.Diagnosed(cause=cause, evidence=tuple(evidence))]


def mitigate(incident: Incident, *, action: str, at: datetime) -> Sequence[IncidentEvent]:
    require(incident, "mitigate")
    return [e.Mitigated(action=action, at=at)]


def escalate(
    incident: Incident,
    *,
    reason: str,
    at: datetime,
    kind: EscalationKind | None = None,
    group: str | None = None,
    person: str | None = None,
) -> Sequence[IncidentEvent]:
    """To another line, which takes it over where it is named, or to management, which does not.

    Without a kind it is functional where somebody is named, and hierarchical else.
    """
    require(incident, "escalate")
    if kind is None:
        kind = EscalationKind.FUNCTIONAL if group or person else EscalationKind.HIERARCHICAL
    escalated = e.Escalated(kind=kind, reason=reason, at=at, group=group, person=person)
    return [escalated, *_taken_over(incident, kind, group, person)]


def _taken_over(
    incident: Incident, kind: EscalationKind, group: str | None, person: str | None
) -> Sequence[IncidentEvent]:
    """Another line does not keep the person of the one before."""
    if kind is EscalationKind.HIERARCHICAL:
        return []
    stays = incident.assigned_to if group in (None, incident.group) else None
    after = (group or incident.group, person or stays)
    if after == (incident.group, incident.assigned_to):
        return []
    return [e.Assigned(group=after[0], person=after[1])]
