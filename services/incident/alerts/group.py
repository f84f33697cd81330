"""A group of alerts and its incident: what is news, and where it leads.

A monitor repeats itself, and its peers each tell the same: what was told already, by fingerprint,
start and status, is told once. An alert's interval decides, not the order in which it is told.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.incident import lifecycle, triage
from services.incident.alerts.events import AlertStatus, Heard, Signal
from services.incident.events import IncidentEvent, ResolutionCode
from services.incident.incident import Incident
from services.incident.rules import Status
from shared.domain import State, changed

_REMEMBERED = 8
_MOST_REVISIONS = 100
_FORGOTTEN_AFTER = timedelta(days=1)
_OPEN = frozenset({Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD})
_ENDED = frozenset({Status.RESOLVED, Status.CLOSED})


class Known(msgspec.Struct, frozen=True, array_like=True):
    """What was told of one alert: its newest start, and each (status, start, revision) of late."""

    fires: bool
    newest_start: datetime | None
    at: datetime
    before: tuple[tuple[AlertStatus, datetime | None, str | None], ...]
    revisions: int = 0


class AlertGroup(State, frozen=True):
    """The alerts of one group, and the incident that they belong to now."""

    receiver: str = ""
    group_key: str = ""
    incident: UUID | None = None
    alerts: dict[str, Known] = {}
    fired_at: datetime | None = None
    recovered_at: datetime | None = None

    @property
    def fires(self) -> bool:
        """Whether any of its alerts does."""
        return any(told.fires for told in self.alerts.values())


class Course(StrEnum):
    """What news of a group leads to."""

    NOTHING = "nothing"
    DECLARE = "declare"
    REOPEN = "reopen"
    ATTACH = "attach"


def news(
    group: AlertGroup, signals: Iterable[Signal], *, at: datetime, echo: timedelta
) -> list[int]:
    """The places of the signals that tell something new.

    A monitor that lost sight of an alert says that it has ended, and later that it still fires
    since the same start: so long after the end, that is no echo of a slow peer.
    """
    known = dict(group.alerts)
    places = []
    for place, signal in enumerate(signals):
        told = known.get(signal.fingerprint)
        if _is_news(told, signal, at - echo):
            known[signal.fingerprint] = _after(told, signal, at)
            places.append(place)
    return places


def in_order(told: Known | None, signal: Signal, at: datetime) -> Signal:
    """Of a sender that tells repeats by a key alone: the order of arrival decides.

    The times it states count as far as they fit that order.
    """
    newest = told.newest_start if told else None
    if told is not None and told.fires:
        fits = signal.ends_at and newest and signal.ends_at >= newest
        return replace(signal, starts_at=newest, ends_at=signal.ends_at if fits else None)
    if signal.status is AlertStatus.RESOLVED:
        return replace(signal, starts_at=newest, ends_at=None)
    fits = signal.starts_at and (newest is None or signal.starts_at > newest)
    return replace(signal, starts_at=signal.starts_at if fits else at)


def hear(group: AlertGroup, *, heard: Heard) -> Sequence[Heard]:
    """Take the news down."""
    return [heard] if heard.signals else []


def course(
    before: AlertGroup, heard: Heard, incident: Incident | None, window: timedelta
) -> Course:
    """Where news leads, given the incident the group had."""
    starts = [s.starts_at or heard.at for s in heard.signals if s.status is AlertStatus.FIRING]
    if incident is None:
        return Course.DECLARE if starts else Course.NOTHING
    fires_again = bool(starts) and evolve(before, heard).fires
    if incident.status in _OPEN or not fires_again:
        return Course.ATTACH
    if incident.status in _ENDED and min(starts) - _end(before, incident) <= window:
        return Course.REOPEN
    return Course.DECLARE


def recover(
    incident: Incident,
    *,
    fired_at: datetime | None,
    at: datetime,
    resolves: bool,
    close_after_days: int | None,
) -> Sequence[IncidentEvent]:
    """All alerts have ended: that mitigates, and resolves where nobody has taken it up."""
    if incident.status not in _OPEN:
        return []
    events: list[IncidentEvent] = []
    mitigated = incident.mitigated_at
    if mitigated is None or (fired_at is not None and fired_at > mitigated):
        events += triage.mitigate(
            incident, action="The monitor reports that every alert of the group has ended", at=at
        )
    if resolves and incident.acknowledged_at is None:
        events += lifecycle.resolve(
            incident,
            code=ResolutionCode.SELF_RECOVERED,
            summary="Recovered by itself before anybody acknowledged it",
            at=at,
            close_after_days=close_after_days,
        )
    return events


def evolve(group: AlertGroup, event: Heard) -> AlertGroup:
    """Never refuses: this has already happened, whatever today's rules say."""
    alerts = {
        fingerprint: told
        for fingerprint, told in group.alerts.items()
        if told.fires or event.at - told.at < _FORGOTTEN_AFTER
    }
    for signal in event.signals:
        told = alerts.get(signal.fingerprint)
        alerts[signal.fingerprint] = _after(told, signal, event.at)
    after = changed(
        group,
        receiver=event.receiver,
        group_key=event.group_key,
        incident=event.incident or group.incident,
        alerts=alerts,
        fired_at=_latest(group.fired_at, _starts(event)),
    )
    return after if after.fires else changed(after, recovered_at=_recovery(group, event))


def _is_news(told: Known | None, signal: Signal, echo_ends: datetime) -> bool:
    if told is None:
        return True
    if _told_as(signal) not in told.before:
        return signal.revision is None or told.revisions < _MOST_REVISIONS
    return signal.status is AlertStatus.FIRING and not told.fires and told.at < echo_ends


def _after(told: Known | None, signal: Signal, at: datetime) -> Known:
    start = signal.starts_at
    before = told.before if told else ()
    if _told_as(signal) in before:  # fires on after its end had been told
        before = tuple(each for each in before if each[1] != start)
        fires = True
    else:
        fires = _fires(told, signal, at)
    newest = _latest(told.newest_start if told else None, [start] if start else [])
    is_revised = told is not None and told.fires and fires and signal.revision is not None
    revisions = told.revisions + 1 if told and is_revised else 0
    return Known(fires, newest, at, (*before, _told_as(signal))[-_REMEMBERED:], revisions)


def _told_as(signal: Signal) -> tuple[AlertStatus, datetime | None, str | None]:
    return signal.status, signal.starts_at, signal.revision


def _fires(told: Known | None, signal: Signal, at: datetime) -> bool:
    if signal.status is AlertStatus.RESOLVED:
        if told is None or not told.fires or told.newest_start is None:
            return False
        return (signal.ends_at or at) < told.newest_start
    start, newest = signal.starts_at, told.newest_start if told else None
    if told is None or told.fires or start is None or newest is None:
        return True
    return start > newest


def _starts(event: Heard) -> list[datetime]:
    firing = (s for s in event.signals if s.status is AlertStatus.FIRING)
    return [s.starts_at or event.at for s in firing]


def _recovery(group: AlertGroup, event: Heard) -> datetime | None:
    ended = (s for s in event.signals if s.status is AlertStatus.RESOLVED)
    return _latest(group.recovered_at, [s.ends_at or event.at for s in ended])


def _end(group: AlertGroup, incident: Incident) -> datetime:
    ends = [at for at in (group.recovered_at, incident.resolved_at) if at is not None]
    return max(ends)


def _latest(known: datetime | None, told: Iterable[datetime]) -> datetime | None:
    return max((known, *told) if known else told, default=None)
