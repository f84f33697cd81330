"""Keeping an incident to those concerned, and opening it again."""

from collections.abc import Iterable, Sequence

from services.incident import events as e
from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.parts import Restriction


def restrict(
    incident: Incident,
    *,
    by: str,
    reason: str,
    people: Iterable[str] | None = None,
    roles: Iterable[str] | None = None,
    teams: Iterable[str] | None = None,
) -> Sequence[IncidentEvent]:
    """To participants, those named and whoever restricts it; a list left out stays as it is."""
    require(incident, "restrict")
    held = incident.restriction or Restriction()
    named = (
        _sorted((*(held.people if people is None else people), by)),
        held.roles if roles is None else _sorted(roles),
        held.teams if teams is None else _sorted(teams),
    )
    if incident.restriction is not None and named == (held.people, held.roles, held.teams):
        return []
    return [e.Restricted(people=named[0], roles=named[1], teams=named[2], reason=reason)]


def unrestrict(incident: Incident, *, reason: str) -> Sequence[IncidentEvent]:
    """Open it to all readers again."""
    require(incident, "restrict")
    return [] if incident.restriction is None else [e.Unrestricted(reason=reason)]


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
