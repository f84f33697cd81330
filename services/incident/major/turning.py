"""Whether it is a major incident: proposed, accepted, rejected, demoted."""

from collections.abc import Sequence
from datetime import datetime

from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.major import events as m
from services.incident.major.events import Inputs
from services.incident.rules import MajorState


def propose_major(incident: Incident, *, reason: str, at: datetime) -> Sequence[IncidentEvent]:
    require(incident, "propose-major")
    if incident.major.state is MajorState.PROPOSED:
        return []
    return [m.MajorProposed(reason=reason, at=at)]


def accept_major(
    incident: Incident, *, at: datetime, reason: str | None = None
) -> Sequence[IncidentEvent]:
    """Also what nobody has proposed."""
    require(incident, "accept-major")
    if incident.major.state is MajorState.ACCEPTED:
        return []
    return [m.MajorAccepted(reason=reason, at=at)]


def reject_major(incident: Incident, *, reason: str, at: datetime) -> Sequence[IncidentEvent]:
    require(incident, "reject-major")
    if incident.major.state is MajorState.REJECTED:
        return []
    return [m.MajorRejected(reason=reason, at=at, inputs=inputs_of(incident))]


def demote_major(incident: Incident, *, reason: str, at: datetime) -> Sequence[IncidentEvent]:
    require(incident, "demote-major")
    if incident.major.state is MajorState.DEMOTED:
        return []
    return [m.MajorDemoted(reason=reason, at=at, inputs=inputs_of(incident))]


def inputs_of(incident: Incident) -> Inputs:
    """What rules look at."""
    names = (name for name in Inputs.__struct_fields__ if name != "child_count")
    told = {name: getattr(incident, name) for name in names}
    return Inputs(**told, child_count=len(incident.children))
