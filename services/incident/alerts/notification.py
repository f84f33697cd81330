"""A monitor's news in the form that all senders share, and what people read of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from services.incident.alerts.events import AlertStatus, Signal
from services.incident.facts import Alert


class Notification(NamedTuple):
    """What a monitor tells of one group; `source` names the monitor's kind.

    `keyed`: its sender tells repeats by the key alone, so the order of arrival decides.
    `integration` is the name of the credentials that it came with; rules may match it.
    `repeats`: this kind of monitor tells again and again what still fires.
    `whole`: an end need not have the labels of its beginning, so labels do not group it.
    `by`: labels and values that a rule groups by, in the place of receiver and group key.
    """

    source: str
    receiver: str
    group_key: str
    alerts: Sequence[Alert]
    more: dict[str, Any]
    keyed: bool = False
    note: str | None = None
    integration: str = ""
    repeats: bool = False
    whole: bool = False
    by: tuple[tuple[str, str], ...] = ()
    of: UUID | None = None  # the group's stream, where only that is known
    teller: str | None = None  # which of a keyed sender's peers tells it

    @property
    def stream(self) -> UUID:
        """Where the news of this group stands."""
        if self.of is not None:
            return self.of
        if self.by:
            named = msgspec.json.encode(self.by).decode()
            return uuid5(NAMESPACE_URL, f"tocsin:alerts-by:{named}")
        group = f"{self.source}:{self.receiver}\0{self.group_key}"
        return uuid5(NAMESPACE_URL, f"tocsin:alerts:{group}")

    def labels(self, alert: Alert) -> dict[str, str]:
        """What rules may match: the alert's own labels, and where it came from."""
        told = {"sender": self.source, "receiver": self.receiver, "integration": self.integration}
        return told | alert.labels

    def part(self, by: tuple[tuple[str, str], ...], alerts: Sequence[Alert]) -> "Notification":
        """Some of its alerts, as the group that these labels name."""
        named = ", ".join(f'{label}="{value}"' for label, value in by)
        return self._replace(group_key=named or self.group_key, alerts=alerts, by=by)


def signal_of(alert: Alert) -> Signal:
    """What of an alert decides. An end without a known beginning stands for itself."""
    has_ended = alert.status == AlertStatus.RESOLVED
    return Signal(
        fingerprint=alert.fingerprint,
        status=AlertStatus(alert.status),
        starts_at=alert.starts_at or (alert.ends_at if has_ended else None),
        ends_at=alert.ends_at,
        revision=alert.revision,
    )


def lead_of(alerts: Sequence[Alert]) -> Alert:
    """The alert that speaks for the others: the first that fires, else the first."""
    return next((a for a in alerts if a.status == AlertStatus.FIRING), alerts[0])


def title_of(alert: Alert, group_key: str) -> str:
    """A line for people, out of what the monitor's author wrote for them."""
    written = (alert.annotations.get(name, "") for name in ("summary", "title"))
    named = (*written, alert.labels.get("alertname", ""), group_key)
    lines = (_line(text) for text in named)
    return next((line for line in lines if line), "Alert")


def description_of(alert: Alert) -> str | None:
    """The monitor's longer text, where there is one."""
    text = alert.annotations.get("description") or alert.annotations.get("message") or ""
    return text[:10_000] if text.strip() else None


def labels_of(alert: Alert) -> dict[str, str]:
    """The labels in the measure that an incident holds; the alert keeps them whole."""
    kept = {name[:100]: value[:1_000] for name, value in alert.labels.items() if name}
    return dict(sorted(kept.items())[:49])


def _line(text: str) -> str:
    visible = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(visible.split())[:200]
