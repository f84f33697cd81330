"""Who may know of an incident: decided here, for one incident and, in SQL, for many.

A restriction takes rights away and gives none: who reads only their own incidents still does.
"""

from services.incident.incident import Incident
from services.incident.major.rights import participants
from services.incident.parts import Restriction as Kept
from services.incident.rules import READERS
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.errors import NotFound
from shared.listing import Condition
from shared.restrictions import Restriction, not_shut, person, role, team
from shared.restrictions import visible_to as admitted

_OWN = "t.reporter = {}"
_NOT_SHUT = not_shut("t.id")


def restriction_of(incident: Incident) -> Restriction:
    """Whom the incident is kept to: participants are reporter, assigned person and group,
    of a major one also those who have roles in it and who are asked to come."""
    return Restriction(
        restricted=incident.restriction is not None,
        named=_named(incident.restriction),
        participants=(
            person(incident.reporter),
            incident.assigned_to and person(incident.assigned_to),
            incident.group and team(incident.group),
            *map(person, participants(incident.major)),
        ),
    )


def _named(kept: Kept | None) -> tuple[str, ...]:
    if kept is None:
        return ()
    return (*map(person, kept.people), *map(role, kept.roles), *map(team, kept.teams))


def is_visible(incident: Incident, caller: Caller) -> bool:
    """Whether the caller may know that there is this incident, in any state it ever had."""
    if not (caller.has(*READERS) or incident.reporter == caller.id):
        return False
    return incident.restriction is None or restriction_of(incident).admits(caller)


def visible_to(caller: Caller) -> list[Condition]:
    """The same for `incidents t`: conditions, (SQL with a hole, value), that all must hold."""
    own = [] if caller.has(*READERS) else [(_OWN, caller.id)]
    return [*own, *admitted(caller, _NOT_SHUT)]


def require_visible(folded: Folded[Incident], caller: Caller) -> Folded[Incident]:
    """The incident as it now is, if the caller may know of it. Raises NotFound."""
    if is_visible(folded.state, caller):
        return folded
    raise NotFound("there is no such incident")
