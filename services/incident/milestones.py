"""Milestones corrected later: what is known to be true now, beside what was stated then."""

from collections.abc import Sequence
from datetime import datetime

from services.incident import events as e
from services.incident.events import IncidentEvent, Milestone
from services.incident.incident import Incident
from services.incident.lifecycle import require
from shared.errors import Refused

_MAY_BE_STATED_LATER = frozenset({Milestone.STARTED, Milestone.DETECTED})


def correct_milestone(
    incident: Incident, *, milestone: Milestone, at: datetime, reason: str, now: datetime
) -> Sequence[IncidentEvent]:
    """Say when it happened in truth; the old value stays in the log."""
    require(incident, "correct-milestone")
    was = milestone_of(incident, milestone)
    if was is None and milestone not in _MAY_BE_STATED_LATER:
        raise Refused(f"it was not {milestone} yet: there is nothing to correct")
    if at > now:
        raise Refused(f"it cannot have been {milestone} in the future")
    _require_order(incident, milestone, at)
    if at == was:
        return []
    return [e.MilestoneCorrected(milestone=milestone, to=at, was=was, reason=reason)]


def milestone_of(incident: Incident, milestone: Milestone) -> datetime | None:
    """When it happened in the world, as last known."""
    found: datetime | None = getattr(incident, f"{milestone}_at")
    return found


def _require_order(incident: Incident, milestone: Milestone, at: datetime) -> None:
    """Nothing comes before the start, and what is closed was resolved before."""
    times = {each: milestone_of(incident, each) for each in Milestone} | {milestone: at}
    for first, then in _ORDER:
        earlier, later = times[first], times[then]
        if milestone in (first, then) and earlier and later and earlier > later:
            raise Refused(f"it would have been {then} before it was {first}")


_ORDER = [(Milestone.STARTED, each) for each in Milestone if each is not Milestone.STARTED] + [
    (Milestone.RESOLVED, Milestone.CLOSED)
]
