"""A monitor's news in the form that all senders share, and what people read of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from services.incident.facts import Alert


class Notification(NamedTuple):
    """What a monitor tells of one group; `source` names the monitor's kind.

    `keyed`: its sender tells repeats by the key alone, so the order of arrival decides.
    `integration` is the name of the credentials that it came with; rules may match it.
    """

    source: str
    receiver: str
    group_key: str
    alerts: Sequence[Alert]
    more: dict[str, Any]
    keyed: bool = False
    note: str | None = None
    integration: str = ""

    def labels(self, alert: Alert) -> dict[str, str]:
        """What rules may match: the alert's own labels, and where it came from."""
        told = {"sender": self.source, "receiver": self.receiver, "integration": self.integration}
        return told | alert.labels

    @property
    def stream(self) -> UUID:
        """Where the news of this group stands."""
        group = f"{self.source}:{self.receiver}\0{self.group_key}"
        return uuid5(NAMESPACE_URL, f"tocsin:alerts:{group}")


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
