"""What happened to an incident, replayed from the log; the sentences are made when read."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.incident import events as e
from services.incident import facts as f
from shared.domain import Event, Personal, Sealed
from shared.event_view import sealed_in
from shared.store.reader import Recorded
from shared.store.store import Store


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline; `id` is the event that proves it."""

    id: UUID
    position: int
    recorded_at: datetime
    effective_at: datetime
    actor: str
    kind: str
    title: str
    detail: str | None
    links: dict[str, str]
    source: str


Sentence = Callable[[Any], tuple[str, Personal | None]]

_SENTENCES: dict[type[Event], Sentence] = {
    e.Declared: lambda h: (f"Declared: {h.title}", h.description),
    e.Categorised: lambda h: (f"Categorised as {_named(h.category, h.subcategory)}", None),
    e.Prioritised: lambda h: (
        (
            f"Priority {h.priority}{' by override' if h.overridden else ''}: "
            f"impact {h.impact}, urgency {h.urgency}, matrix version {h.matrix_version}"
        ),
        h.reason,
    ),
    e.Assigned: lambda h: (f"Assigned to {_named(h.group, h.person)}", None),
    e.Acknowledged: lambda h: ("Acknowledged", None),
    e.WorkStarted: lambda h: ("Work started", None),
    e.Held: lambda h: (f"On hold, {h.reason.value.replace('_', ' ')}", h.note),
    e.Resumed: lambda h: ("Work resumed", None),
    e.Noted: lambda h: ("Note", h.text),
    e.Diagnosed: lambda h: ("Cause found", h.cause),
    e.Mitigated: lambda h: ("Impact stopped", h.action),
    e.Resolved: lambda h: (f"Resolved: {h.code.value.replace('_', ' ')}", h.summary),
    e.Reopened: lambda h: ("Reopened", h.reason),
    e.Closed: lambda h: ("Closed", None),
    e.Cancelled: lambda h: ("Cancelled", h.reason),
    f.AlertsAttached: lambda h: (_alerts(h.alerts), h.group_key),
    f.Told: lambda h: (f"{h.recipient} by {h.channel}: {h.outcome}", None),
    f.ProblemRaised: lambda h: (f"Problem {h.number} raised", h.title),
}


def _named(*names: str | None) -> str:
    return " / ".join(name for name in names if name) or "nobody"


def _alerts(alerts: Sequence[f.Alert]) -> str:
    firing = sum(alert.status == "firing" for alert in alerts)
    return f"Alerts: {firing} firing, {len(alerts) - firing} ended"


async def entries(store: Store, recorded: Sequence[Recorded]) -> list[Entry]:
    """The timeline's entries of these events, in the same order, with their texts opened."""
    happened = [(r, r.event) for r in recorded]
    await store.vault.load(store.pool, (v for _, h in happened for v in sealed_in(h)))
    return [_entry(store, r, h) for r, h in happened]


def _entry(store: Store, recorded: Recorded, event: Event) -> Entry:
    title, detail = _SENTENCES[type(event)](event)
    if isinstance(detail, Sealed):
        detail = store.vault.open(recorded.originator_id, detail)
    return Entry(
        id=recorded.event_id,
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        effective_at=event.effective(recorded.recorded_at),
        actor=recorded.actor,
        kind=recorded.topic,
        title=title,
        detail=detail,
        links=_links(event),
        source="incident",
    )


def _links(event: Event) -> dict[str, str]:
    if isinstance(event, f.Told):
        return {"notification": f"/v1/notifications/{event.notification}"}
    problem = getattr(event, "problem", None)
    return {} if problem is None else {"problem": f"/v1/problems/{problem}"}
