"""Metrics recomputed from stored events in the plainest way: nothing here is the services'."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.store.reader import Recorded

Event = dict[str, Any]
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Incident:
    """As its events tell it."""

    status: str = ""
    declared: datetime = NEVER
    imported: bool = False
    priority: int | None = None
    service: str | None = None
    group: str | None = None
    category: str | None = None
    times: dict[str, datetime | None] = field(default_factory=dict)
    reopened: int = 0
    reassigned: int = 0

    def __getattr__(self, name: str) -> Any:
        return self.times.get(name)


def exported(recorded: Iterable[Recorded]) -> list[Event]:
    """Events as anybody could have them."""
    return [
        {
            "stream": each.originator_id,
            "version": each.originator_version,
            "position": each.position,
            "recorded_at": each.recorded_at,
            "topic": each.topic,
            "data": json.loads(each.state),
        }
        for each in recorded
    ]


def incidents(
    events: Iterable[Event], position: int, effective_at: datetime | None = None
) -> list[Incident]:
    """What was known at a position; of it what had happened by then."""
    streams: dict[UUID, list[Event]] = {}
    for event in events:
        if event["position"] <= position:
            streams.setdefault(event["stream"], []).append(event)
    ordered = (_happened(some, effective_at) for some in streams.values())
    return [_folded(some) for some in ordered if some]


def _happened(events: list[Event], moment: datetime | None) -> list[Event]:
    if moment is None:
        return events
    began = min(map(_effective, events))
    placed = [(began if e["version"] == 1 else _effective(e), e["position"], e) for e in events]
    return [e for at, _, e in sorted(placed, key=lambda p: p[:2]) if at <= moment]


def _effective(event: Event) -> datetime:
    data: Event = event["data"]
    recorded_at: datetime = event["recorded_at"]
    if "origin" in data:
        return _time(data["origin"]["at"])
    if event["topic"] == "incident.milestone_corrected":
        return _time(data["to"])
    if event["topic"] == "incident.declared":
        stated = [_time(data[name]) for name in ("started_at", "detected_at") if name in data]
        return min([*stated, recorded_at])
    return _time(data["at"]) if data.get("at") else recorded_at


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _folded(events: list[Event]) -> Incident:
    known = Incident()
    for event in events:
        _take(known, event["topic"].split(".")[1], event["data"], event["recorded_at"])
    return known


def _take(known: Incident, happened: str, data: Event, recorded_at: datetime) -> None:
    if happened in _CHANGES:
        _CHANGES[happened](known, data, recorded_at)
    elif happened in ("mitigated", "resolved", "closed"):
        known.times[happened] = _time(data["at"])
        known.status = known.status if happened == "mitigated" else happened
    known.times["restored"] = known.times.get("mitigated") or known.times.get("resolved")
    known.times["ever"] = known.times.get("resolved") or known.times.get("ever")


def _declared(known: Incident, data: Event, recorded_at: datetime) -> None:
    origin = data.get("origin")
    known.status, known.imported = "open", origin is not None
    known.declared = _time(origin["at"]) if origin else recorded_at
    for name in ("priority", "service", "group", "category"):
        setattr(known, name, data.get(name))
    for name in ("started", "detected"):
        known.times[name] = _time(data[f"{name}_at"]) if f"{name}_at" in data else None


def _prioritised(known: Incident, data: Event, recorded_at: datetime) -> None:
    known.priority = data["priority"]


def _assigned(known: Incident, data: Event, recorded_at: datetime) -> None:
    known.reassigned += known.group != data.get("group")
    known.group = data.get("group")


def _acknowledged(known: Incident, data: Event, recorded_at: datetime) -> None:
    known.times["acknowledged"] = known.times.get("acknowledged") or _time(data["at"])
    known.status = "open"


def _reopened(known: Incident, data: Event, recorded_at: datetime) -> None:
    known.times |= dict.fromkeys(("mitigated", "resolved", "closed"))
    known.status, known.reopened = "open", known.reopened + 1


def _cancelled(known: Incident, data: Event, recorded_at: datetime) -> None:
    known.status = "cancelled"


def _corrected(known: Incident, data: Event, recorded_at: datetime) -> None:
    known.times[data["milestone"]] = _time(data["to"])


_CHANGES: dict[str, Callable[[Incident, Event, datetime], None]] = {
    "declared": _declared,
    "prioritised": _prioritised,
    "assigned": _assigned,
    "acknowledged": _acknowledged,
    "reopened": _reopened,
    "cancelled": _cancelled,
    "milestone_corrected": _corrected,
}


def _between(start: str, end: str) -> Callable[[Incident, datetime], float]:
    return lambda i, now: (getattr(i, end) - getattr(i, start)).total_seconds()


PLAIN: dict[str, tuple[Callable[[Incident, datetime], float], tuple[str, ...], str]] = {
    "time_to_detect": (_between("started", "detected"), ("started", "detected"), "detected"),
    "time_to_acknowledge": (
        _between("detected", "acknowledged"), ("detected", "acknowledged"), "acknowledged",
    ),
    "time_to_mitigate": (_between("started", "mitigated"), ("started", "mitigated"), "mitigated"),
    "time_to_restore": (_between("started", "restored"), ("started", "restored"), "restored"),
    "time_to_resolve": (_between("started", "resolved"), ("started", "resolved"), "resolved"),
    "time_to_repair": (
        _between("acknowledged", "resolved"), ("acknowledged", "resolved"), "resolved",
    ),
    "time_to_close": (_between("declared", "closed"), ("closed",), "closed"),
    "reopen_rate": (lambda i, now: float(i.reopened > 0), ("ever",), "ever"),
    "reassignments": (lambda i, now: float(i.reassigned), (), "declared"),
    "first_time_fix": (
        lambda i, now: float(i.reopened == 0 and i.reassigned == 0), ("ever",), "ever",
    ),
    "backlog_age": (lambda i, now: (now - i.declared).total_seconds(), (), "declared"),
}  # fmt: skip
"""By name: the value, what it needs, what places it in a period."""


def figures(
    name: str,
    known: Sequence[Incident],
    now: datetime,
    *,
    period: tuple[datetime | None, datetime | None] = (None, None),
    imported: bool = False,
) -> dict[str, Any]:
    """Count, mean, median, p90 and the reasons of exclusion."""
    value, needs, placed = PLAIN[name]
    if name == "backlog_age":
        known = [i for i in known if i.status == "open" and i.declared <= now]
    some = [i for i in known if _is_within(getattr(i, placed) or i.declared, period)]
    reasons = Counter(why for i in some if (why := _excluded(i, needs, imported)))
    counted = [value(i, now) for i in some if _excluded(i, needs, imported) is None]
    return {"count": len(counted), "reasons": dict(reasons)} | _spread(counted)


def _spread(values: list[float]) -> dict[str, float | None]:
    if not values:
        return {"mean": None, "median": None, "p90": None}
    return {
        "mean": sum(values) / len(values),
        "median": quantile(values, 0.5),
        "p90": quantile(values, 0.9),
    }


def quantile(values: Iterable[float], share: float) -> float:
    """Between the two nearest, by distance."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = ordered[int(place)]
    high = ordered[min(int(place) + 1, len(ordered) - 1)]
    return low + (high - low) * (place - int(place))


def _is_within(at: Any, period: tuple[datetime | None, datetime | None]) -> bool:
    return (period[0] is None or at >= period[0]) and (period[1] is None or at < period[1])


def _excluded(known: Incident, needs: tuple[str, ...], imported: bool) -> str | None:
    if known.status in ("cancelled", "merged"):
        return known.status
    if known.imported and not imported:
        return "imported"
    missing = (each for each in needs if getattr(known, each) is None)
    found = next(missing, None)
    return found and f"missing_{'resolved' if found == 'ever' else found}"
