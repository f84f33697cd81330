"""Who has which role in a major incident: assigned, accepted, handed over."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.major import events as m
from services.incident.major.events import MajorRole
from services.incident.major.rights import require_part
from shared.auth.roles import Role
from shared.errors import Forbidden, Refused


def assign_role(
    incident: Incident,
    *,
    role: MajorRole,
    person: str | None,
    by: str,
    roles: frozenset[Role],
    at: datetime,
) -> Sequence[IncidentEvent]:
    """To a person, or to nobody."""
    require(incident, "assign-role")
    require_part(incident, "assign-role", by, roles)
    holder = incident.major.roles.get(role)
    was = None if holder is None else holder.person
    return [] if person == was else [m.RoleAssigned(role=role, person=person, was=was, at=at)]


def accept_role(
    incident: Incident, *, by: str, at: datetime, role: MajorRole | None = None
) -> Sequence[IncidentEvent]:
    """The one that was assigned to whoever accepts; where that is several, the one named."""
    require(incident, "accept-role")
    theirs = {r: holder for r, holder in incident.major.roles.items() if holder.person == by}
    if role is None:
        role = _only(r for r, holder in theirs.items() if not holder.accepted)
    if role not in theirs:
        raise Forbidden(f"the role {_spoken(role)} was not assigned to you")
    return [] if theirs[role].accepted else [m.RoleAccepted(role=role, person=by, at=at)]


def hand_over(
    incident: Incident,
    *,
    role: MajorRole,
    person: str,
    by: str,
    roles: frozenset[Role],
    at: datetime,
    note: str | None = None,
) -> Sequence[IncidentEvent]:
    """By who has the role, its commander or the major incident manager."""
    require(incident, "hand-over")
    require_part(incident, "hand-over", by, roles)
    held = incident.major.roles
    if role not in held:
        raise Refused(f"nobody is {_spoken(role)}; assign the role")
    commander = held.get(MajorRole.INCIDENT_COMMANDER)
    if by not in (held[role].person, commander and commander.person):
        _require_manager(roles)
    if held[role].person == person:
        raise Refused(f"{person} is {_spoken(role)} already")
    return [m.RoleHandedOver(role=role, person=person, was=held[role].person, at=at, note=note)]


def _only(found: Iterable[MajorRole]) -> MajorRole:
    several = list(found)
    if not several:
        raise Refused("no role waits for you to accept it")
    if len(several) > 1:
        raise Refused(f"name the role: {' or '.join(several)}")
    return several[0]


def _require_manager(roles: frozenset[Role]) -> None:
    if roles.isdisjoint({Role.MAJOR_INCIDENT_MANAGER, Role.ADMIN}):
        raise Forbidden("who has the role, its commander or a major_incident_manager hands it over")


def _spoken(role: MajorRole) -> str:
    return role.value.replace("_", " ")
