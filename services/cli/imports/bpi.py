"""The BPI Challenge 2013's problems of Volvo IT: each event is a ticket's state from then on.

docs/import-bpi.md has the table.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from services.cli.imports.record import LogFile, Rejected, Ticket
from services.cli.imports.xes import Trace, XesEvent, traces

_STATUSES = {
    "Queued-Awaiting Assignment": "new",
    "Accepted-Assigned": "root_cause_analysis",
    "Accepted-In Progress": "root_cause_analysis",
    "Accepted-Wait": "root_cause_analysis",
    "Completed-Closed": "closed",
    "Completed-Cancelled": "cancelled",
}
_QUEUED = "Queued-Awaiting Assignment"
_KEPT = {"Activity": "activity", "org:resource": "resource", "lifecycle:transition": "transition"}


class _BadEvent(ValueError):
    """What is wrong with an event."""


class BpiLog(LogFile):
    """Reads the log's problems, one after the other."""

    def tickets(self, limit: int | None = None) -> Iterator[Ticket]:
        """At most so many problems. Raises CannotStart where the file is not this log."""
        seen: set[str] = set()
        with self.opened() as file:
            for trace in islice(traces(file), limit):
                yield _ticket(trace, seen)


def _ticket(trace: Trace, seen: set[str]) -> Ticket:
    name = trace.values.get("concept:name", "").strip()
    if not name or name in seen:
        reason = "is told a second time" if name else "has no concept:name"
        return Ticket(None, [Rejected(trace.line, name, f"the trace {reason}")])
    seen.add(name)
    steps: list[dict[str, Any]] = []
    rejected = []
    for event in trace.events:
        try:
            steps.append(_step(event, steps))
        except _BadEvent as reason:
            rejected.append(Rejected(event.line, name, str(reason)))
    return Ticket(_body(name, trace, steps) if steps else None, rejected)


def _body(name: str, trace: Trace, steps: list[dict[str, Any]]) -> dict[str, Any]:
    variant = {"variant": trace.values["variant"][:1000]} if "variant" in trace.values else {}
    steps[0]["source"] |= variant
    return {"external_ref": name[:100], "title": name[:200], "steps": steps}


def _step(event: XesEvent, before: list[dict[str, Any]]) -> dict[str, Any]:
    """What this event says. Raises _BadEvent."""
    activity, by = event.values.get("Activity", ""), event.values.get("Resource", "").strip()
    if activity not in _STATUSES:
        raise _BadEvent(f"Activity {activity or 'missing'} is none of the source's states")
    said: dict[str, Any] = {"group": event.values.get("org:group", "").strip()[:100] or None}
    if (status := _status(activity, before)) is not None:
        said["status"] = status
    if activity == _QUEUED:
        said["assigned_to"] = None
    elif activity.startswith("Accepted"):
        said["assigned_to"] = by[:100] or None
    kept = {ours: event.values.get(name, "")[:1000] for name, ours in _KEPT.items()}
    return {"at": _time(event), "by": by[:100] or "unknown", "set": said, "source": kept}


def _status(activity: str, before: list[dict[str, Any]]) -> str | None:
    """What has been accepted and is queued again, for another line, is still being analysed."""
    held = next((s["set"]["status"] for s in reversed(before) if "status" in s["set"]), None)
    if activity == _QUEUED and held is not None:
        return None if held in ("new", "root_cause_analysis") else "root_cause_analysis"
    return _STATUSES[activity]


def _time(event: XesEvent) -> str:
    """As RFC 3339. Raises _BadEvent."""
    text = event.values.get("time:timestamp", "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _BadEvent(f"time:timestamp {text or 'missing'} is no time") from None
    if at.tzinfo is None:
        raise _BadEvent(f"time:timestamp {text} has no zone")
    return at.isoformat()
