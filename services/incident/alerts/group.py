"""A group of alerts: what is news of it, and what is known of each alert.

A monitor repeats itself, and its peers each tell the same: what was told already, by fingerprint,
start and status, is told once. An alert's interval decides, not the order in which it is told.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.incident.alerts.events import (
    AlertStatus,
    GroupEvent,
    Heard,
    Lapsed,
    Reconsidered,
    Recorded,
    Repeated,
    Signal,
)
from services.incident.facts import Decided
from shared.domain import State, changed

_REMEMBERED = 8
_MOST_REVISIONS = 100
_PEERS_DIFFER = timedelta(seconds=30)  # longer than peers wait for one another
_FORGOTTEN_AFTER = timedelta(days=1)
_MOST_TURNS = 50


class Known(msgspec.Struct, frozen=True, array_like=True):
    """What was told of one alert: its newest start, and each (status, start, revision) of late.

    `incident` is named only where it is not the group's present one.
    """

    fires: bool
    newest_start: datetime | None
    at: datetime
    before: tuple[tuple[AlertStatus, datetime | None, str | None], ...]
    revisions: int = 0
    incident: UUID | None = None
    teller: str | None = None  # of what was told last


class AlertGroup(State, frozen=True):
    """The alerts of one group, and the incident that they belong to now."""

    receiver: str = ""
    group_key: str = ""
    incident: UUID | None = None
    alerts: dict[str, Known] = {}
    fired_at: datetime | None = None
    recovered_at: datetime | None = None
    source: str | None = None
    integration: str | None = None
    turns: tuple[datetime, ...] = ()  # when it began or ceased to fire, of late
    held_back: Decided | None = None
    waits: bool = False  # alerts were recorded that no incident has yet
    lapses_at: datetime | None = None

    @property
    def fires(self) -> bool:
        """Whether any alert of its present incident does."""
        return any(told.fires and told.incident is None for told in self.alerts.values())

    @property
    def is_silent(self) -> bool:
        """Whether nothing of it fires at all, earlier incidents' alerts included."""
        return not any(told.fires for told in self.alerts.values())

    def still_fires_for(self, incident: UUID) -> bool:
        """Whether any alert of an earlier incident does."""
        return any(told.fires and told.incident == incident for told in self.alerts.values())

    def flaps(self, at: datetime, often: int | None, within: timedelta) -> bool:
        """Whether it began and ceased to fire so often before this moment."""
        return often is not None and sum(at - turn < within for turn in self.turns) >= often


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


def starts(signals: Iterable[Signal], at: datetime) -> list[datetime]:
    """When those that fire began; those that do not say so, now."""
    return [s.starts_at or at for s in signals if s.status is AlertStatus.FIRING]


def in_order(told: Known | None, signal: Signal, at: datetime) -> Signal:
    """Of a sender that tells repeats by a key alone: the order of arrival decides.

    The times it states count as far as they fit that order. Of two peers that tell alike, one may
    be late: what it says again moments after the other has told the end is an echo.
    """
    newest = told.newest_start if told else None
    if told is not None and told.fires:
        fits = signal.ends_at and newest and newest <= signal.ends_at <= at
        return replace(signal, starts_at=newest, ends_at=signal.ends_at if fits else None)
    if signal.status is AlertStatus.RESOLVED:
        return replace(signal, starts_at=newest, ends_at=None)
    if told is not None and _is_echo(told, signal, at):
        return replace(signal, starts_at=newest)
    stated = signal.starts_at
    fits = stated and stated <= at and (newest is None or stated > newest)
    return replace(signal, starts_at=stated if fits else at)


def _is_echo(told: Known, signal: Signal, at: datetime) -> bool:
    """Of another peer than told the end, in the words from before the end, and at once."""
    is_another = None not in (told.teller, signal.teller) and told.teller != signal.teller
    again = (AlertStatus.FIRING, told.newest_start, signal.revision)
    return is_another and again in told.before and at - told.at < _PEERS_DIFFER


def hear(group: AlertGroup, *, events: Sequence[GroupEvent]) -> Sequence[GroupEvent]:
    """Take the news down."""
    return events


def evolve(group: AlertGroup, event: GroupEvent) -> AlertGroup:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case Heard():
            return _turned(group, _heard(group, event), event.at)
        case Recorded():
            return changed(group, waits=True)
        case Repeated(fingerprints=told, at=at):
            return changed(_touched(group, told, at), lapses_at=event.lapses_at)
        case Lapsed(fingerprints=silent, at=at):
            left = changed(_touched(group, silent, None), lapses_at=event.lapses_at)
            return _turned(group, left, at)
        case Reconsidered(decided=decided):
            return changed(_placed_in(group, event.incident), held_back=_kept_back(decided))
        case _:
            assert_never(event)


def _heard(group: AlertGroup, event: Heard) -> AlertGroup:
    alerts = {
        fingerprint: _placed(told, group, event)
        for fingerprint, told in group.alerts.items()
        if told.fires or event.at - told.at < _FORGOTTEN_AFTER
    }
    for signal in event.signals:
        told = alerts.get(signal.fingerprint)
        alerts[signal.fingerprint] = _after(told, signal, event.at)
    after = changed(
        _placed_in(group, event.incident),
        receiver=event.receiver,
        group_key=event.group_key,
        source=event.source or group.source,
        integration=event.integration or group.integration,
        alerts=alerts,
        fired_at=_latest(group.fired_at, _starts(event)),
        held_back=_kept_back(event.decided),
        lapses_at=event.lapses_at or group.lapses_at,
    )
    return after if after.fires else changed(after, recovered_at=_recovery(group, event))


def _placed_in(group: AlertGroup, incident: UUID | None) -> AlertGroup:
    return group if incident is None else changed(group, incident=incident, waits=False)


def _placed(told: Known, group: AlertGroup, event: Heard) -> Known:
    """An alert that goes on firing stays with its incident where another is declared beside it."""
    if not (event.beside and told.fires and told.incident is None):
        return told
    return replace(told, incident=group.incident)


def _touched(group: AlertGroup, fingerprints: Iterable[str], at: datetime | None) -> AlertGroup:
    """These were told again, or (without a time) are not told any more."""
    alerts = dict(group.alerts)
    for fingerprint in fingerprints:
        if (told := alerts.get(fingerprint)) is not None:
            alerts[fingerprint] = replace(
                told, fires=told.fires and at is not None, at=at or told.at
            )
    return changed(group, alerts=alerts)


def _turned(before: AlertGroup, after: AlertGroup, at: datetime) -> AlertGroup:
    if after.is_silent and after.lapses_at is not None:
        after = changed(after, lapses_at=None)
    if before.fires == after.fires:
        return after
    return changed(after, turns=(*before.turns, at)[-_MOST_TURNS:])


def _kept_back(decided: Decided | None) -> Decided | None:
    return decided if decided is not None and decided.because is not None else None


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
    goes_on = told is not None and (told.fires or not fires)
    return Known(
        fires,
        newest,
        at,
        before=(*before, _told_as(signal))[-_REMEMBERED:],
        revisions=told.revisions + 1 if told and is_revised else 0,
        incident=told.incident if told and goes_on else None,
        teller=signal.teller,
    )


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
    return starts(event.signals, event.at)


def _recovery(group: AlertGroup, event: Heard) -> datetime | None:
    ended = (s for s in event.signals if s.status is AlertStatus.RESOLVED)
    return _latest(group.recovered_at, [s.ends_at or event.at for s in ended])


def _latest(known: datetime | None, told: Iterable[datetime]) -> datetime | None:
    return max((known, *told) if known else told, default=None)
