"""What of a notification is news, and what of a group is no longer told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec.structs import replace

from services.incident.alerts import group as groups
from services.incident.alerts.events import AlertStatus, Heard, Lapsed, Signal
from services.incident.alerts.group import AlertGroup
from services.incident.alerts.notification import Notification, signal_of
from services.incident.alerts.rules import AlertRulesDocument
from services.incident.facts import PREVIOUS, Alert
from services.incident.incident import Incident


def fresh_of(
    told: Notification, group: AlertGroup, rules: AlertRulesDocument, at: datetime
) -> tuple[Notification, Heard]:
    """Only what is news, and what is heard of it."""
    signals = [_signal(told, group, alert, at) for alert in told.alerts]
    places = groups.news(group, signals, at=at, echo=rules.echo)
    lapse = rules.lapse if told.repeats else None
    heard = Heard(
        receiver=told.receiver,
        group_key=told.group_key,
        signals=tuple(signals[place] for place in places),
        at=at,
        source=told.source,
        integration=told.integration or None,
        lapses_at=None if lapse is None else at + lapse,
    )
    return told._replace(alerts=[told.alerts[place] for place in places]), heard


def _signal(told: Notification, group: AlertGroup, alert: Alert, at: datetime) -> Signal:
    signal = signal_of(alert)
    if not told.keyed:
        return signal
    by = sha256(told.teller.encode()).hexdigest()[:8] if told.teller else None
    signal = replace(signal, teller=by)
    return groups.in_order(group.alerts.get(alert.fingerprint), signal, at)


def told_of(group: AlertGroup, alerts: Sequence[Alert]) -> Notification:
    """As if the monitor told it now."""
    return Notification(
        group.source or "",
        group.receiver,
        group.group_key,
        alerts,
        {},
        integration=group.integration or "",
    )


def is_worth_noting(group: AlertGroup, at: datetime, lapse: timedelta) -> bool:
    """A few times in the time in which it would lapse."""
    if group.is_silent:
        return False
    return group.lapses_at is None or group.lapses_at - at < lapse * 3 / 4


def lapsed(group: AlertGroup, at: datetime, lapse: timedelta) -> Lapsed:
    """What the monitor is silent about, and when the rest would be over."""
    firing = {name: told.at for name, told in group.alerts.items() if told.fires}
    silent = tuple(name for name, told_at in firing.items() if told_at <= at - lapse)
    left = [told_at + lapse for told_at in firing.values() if told_at > at - lapse]
    return Lapsed(fingerprints=silent, at=at, lapses_at=min(left, default=None))


def firing(group: AlertGroup, alerts: Sequence[Alert]) -> list[Alert]:
    """Those of these alerts that fire now."""
    fires = {name for name, told in group.alerts.items() if told.fires}
    return [a for a in alerts if a.fingerprint in fires and a.status == AlertStatus.FIRING]


def stands_for(group: AlertGroup, incident: Incident | None) -> Alert:
    """An alert like those that its incident was made from."""
    labels = {} if incident is None else incident.labels
    summary = group.group_key if incident is None else incident.title
    return Alert(
        fingerprint="",
        status=AlertStatus.FIRING,
        labels={name: value for name, value in labels.items() if name != PREVIOUS},
        annotations={"summary": summary},
    )
