"""Who may give a command because of the part they take in a major incident."""

from services.incident.incident import Incident
from services.incident.major.events import MajorRole
from services.incident.major.state import Major
from services.incident.rules import PARTAKING
from shared.auth.roles import Role
from shared.errors import Forbidden

_PARTICIPANT, _HOLDER, _TO_ACCEPT, _ASKED = "participant", "holder", "to_accept", "asked"
_LETS: dict[str, frozenset[str]] = {
    "assign-role": frozenset({MajorRole.INCIDENT_COMMANDER}),
    "hand-over": frozenset({_HOLDER}),
    "accept-role": frozenset({_TO_ACCEPT}),
    "post-update": frozenset({MajorRole.COMMUNICATIONS_LEAD, MajorRole.INCIDENT_COMMANDER}),
    "snooze-update": frozenset({MajorRole.COMMUNICATIONS_LEAD, MajorRole.INCIDENT_COMMANDER}),
    "decide": frozenset({_PARTICIPANT}),
    "answer-request": frozenset({_ASKED, MajorRole.INCIDENT_COMMANDER}),
}
_WHO = {
    "assign-role": "its commander or a major_incident_manager assigns roles",
    "hand-over": "who has the role, the commander or a major_incident_manager hands it over",
    "accept-role": "a role is accepted by the person it was assigned to",
    "post-update": "its communications lead, commander or a major_incident_manager posts updates",
    "snooze-update": "its communications lead, commander or a major_incident_manager puts it off",
    "decide": "those who take part in it record decisions",
    "answer-request": "a request is answered by who is asked, or by its commander",
}


def parts_of(incident: Incident, person: str) -> frozenset[str]:
    """What this person is in it; nothing where it is no major incident."""
    major = incident.major
    if not major.is_accepted:
        return frozenset()
    held = {role.value for role, holder in major.roles.items() if holder.person == person}
    found = held | {_HOLDER} if held else held
    if any(h.person == person and not h.accepted for h in major.roles.values()):
        found |= {_TO_ACCEPT}
    if _is_asked(major, person):
        found |= {_ASKED}
    if held or person == incident.assigned_to or _has_come(major, person):
        found |= {_PARTICIPANT}
    return frozenset(found)


def forbids(command: str, parts: frozenset[str], roles: frozenset[Role]) -> str | None:
    """Why a caller of these roles, who takes these parts, may not give this command."""
    without = PARTAKING.get(command)
    if without is None or parts & _LETS[command]:
        return None
    may_all = bool(without) and Role.ADMIN in roles
    return None if may_all or not roles.isdisjoint(without) else _WHO[command]


def require_part(incident: Incident, command: str, by: str, roles: frozenset[Role]) -> None:
    """Raises Forbidden."""
    if (why := forbids(command, parts_of(incident, by), roles)) is not None:
        raise Forbidden(why)


def participants(major: Major) -> list[str]:
    """Everybody who was given a role or came when asked, and who is asked by name."""
    held = [holder.person for holder in major.roles.values()]
    came = [each.answered_by for each in major.requests.values() if each.accepted]
    asked = [target.person for each in major.waiting.values() for target in each.asked]
    return sorted({each for each in (*held, *came, *asked) if each is not None})


def _is_asked(major: Major, person: str) -> bool:
    """By name, or as somebody of a group, a schedule or a policy that is not known here."""
    return any(t.person in (person, None) for each in major.waiting.values() for t in each.asked)


def _has_come(major: Major, person: str) -> bool:
    return any(r.accepted and r.answered_by == person for r in major.requests.values())
