"""Where news of a group leads: its incident is declared, reopened, carried on or left alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from services.incident import lifecycle, triage
from services.incident.alerts.events import AlertStatus, Heard, Signal
from services.incident.alerts.group import AlertGroup, evolve, starts
from services.incident.events import IncidentEvent, ResolutionCode
from services.incident.incident import Incident
from services.incident.rules import Status

_OPEN = frozenset({Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD})
_ENDED = frozenset({Status.RESOLVED, Status.CLOSED})
_BY_ITSELF = "Recovered by itself before anybody acknowledged it"


class Course(StrEnum):
    """What news of a group leads to."""

    NOTHING = "nothing"
    DECLARE = "declare"
    REOPEN = "reopen"
    ATTACH = "attach"
    WITHHOLD = "withhold"


def is_open(incident: Incident | None) -> bool:
    """Whether it is one that alerts may still belong to without more."""
    return incident is not None and incident.status in _OPEN


def course(
    before: AlertGroup,
    heard: Heard,
    incident: Incident | None,
    window: timedelta,
    joins: timedelta | None = None,
) -> Course:
    """Where news leads, given the incident the group had.

    It reopens within `window` of its end; an open one takes up what begins within `joins` of the
    group's last beginning, or anything at all.
    """
    began = starts(heard.signals, heard.at)
    if incident is None:
        return Course.DECLARE if began else Course.NOTHING
    if incident.status in _OPEN:
        return Course.DECLARE if _is_apart(before, heard, joins) else Course.ATTACH
    if not began or not evolve(before, heard).fires:
        return Course.ATTACH
    return again(before, incident, min(began), window)


def again(
    group: AlertGroup, incident: Incident | None, began: datetime, window: timedelta
) -> Course:
    """Where firing leads that began then, its incident being over."""
    if incident is None or incident.status not in _ENDED:
        return Course.DECLARE
    ends = [at for at in (group.recovered_at, incident.resolved_at) if at is not None]
    if not ends or began - max(ends) > window:
        return Course.DECLARE
    return Course.REOPEN


def recover(
    incident: Incident,
    *,
    fired_at: datetime | None,
    at: datetime,
    resolves: bool,
    close_after_days: int | None,
    why: str = "The monitor reports that every alert of the group has ended",
) -> Sequence[IncidentEvent]:
    """All alerts have ended: that mitigates, and resolves where nobody has taken it up."""
    if incident.status not in _OPEN:
        return []
    events: list[IncidentEvent] = []
    mitigated = incident.mitigated_at
    if mitigated is None or (fired_at is not None and fired_at > mitigated):
        events += triage.mitigate(incident, action=why, at=at)
    if resolves and incident.acknowledged_at is None:
        events += lifecycle.resolve(
            incident,
            code=ResolutionCode.SELF_RECOVERED,
            summary=_BY_ITSELF,
            at=at,
            close_after_days=close_after_days,
        )
    return events


def _is_apart(before: AlertGroup, heard: Heard, joins: timedelta | None) -> bool:
    if joins is None or before.fired_at is None:
        return False
    began = starts((s for s in heard.signals if _begins(before, s)), heard.at)
    return bool(began) and min(began) - before.fired_at > joins


def _begins(before: AlertGroup, signal: Signal) -> bool:
    told = before.alerts.get(signal.fingerprint)
    return signal.status is AlertStatus.FIRING and not (told is not None and told.fires)
