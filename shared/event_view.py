"""Stored events as readers of the API see them: the whole envelope, and the data opened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.domain import Event, Sealed
from shared.store.reader import Recorded
from shared.store.store import Store
from shared.vault import Vault


class EventView(msgspec.Struct, kw_only=True):
    """One event; `version` is its place in its stream, `position` its place in the log."""

    id: UUID
    position: int
    stream: UUID
    version: int
    type: str
    schema_version: int
    recorded_at: datetime
    effective_at: datetime
    actor: str
    correlation_id: UUID
    causation_id: UUID | None
    command_id: UUID
    traceparent: str | None
    data: Any


def sealed_in(event: Event) -> list[Sealed]:
    """An event's sealed fields."""
    values = (getattr(event, name) for name in type(event).personal)
    return [value for value in values if isinstance(value, Sealed)]


async def event_views(store: Store, recorded: Sequence[Recorded]) -> list[EventView]:
    """These events with their personal texts opened; erased ones say so."""
    happened = [(each, each.event) for each in recorded]
    await store.vault.load(store.pool, (v for _, event in happened for v in sealed_in(event)))
    return [_view(store, each, event) for each, event in happened]


def _view(store: Store, recorded: Recorded, event: Event) -> EventView:
    return EventView(
        id=recorded.event_id,
        position=recorded.position,
        stream=recorded.originator_id,
        version=recorded.originator_version,
        type=recorded.topic,
        schema_version=recorded.schema_version,
        recorded_at=recorded.recorded_at,
        effective_at=event.effective(recorded.recorded_at),
        actor=recorded.actor,
        correlation_id=recorded.correlation_id,
        causation_id=recorded.causation_id,
        command_id=recorded.command_id,
        traceparent=recorded.traceparent,
        data=opened(store.vault, recorded.originator_id, event),
    )


def opened(vault: Vault, stream: UUID, event: Event) -> Event:
    """The event in clear; its keys must have been loaded."""
    clear = {
        name: vault.open(stream, value)
        for name in type(event).personal
        if isinstance(value := getattr(event, name), Sealed)
    }
    return msgspec.structs.replace(event, **clear) if clear else event
