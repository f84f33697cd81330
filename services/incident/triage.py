"""What is found out, said and decided along the way: commands that leave the status as it is."""

from collections.abc import Sequence
from datetime import datetime

from services.incident import events as e
from services.incident.events import IncidentEvent
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
