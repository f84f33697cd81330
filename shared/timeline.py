"""What happened, told in sentences that are made when they are read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.domain import Event
from shared.event_view import opened, sealed_in
from shared.store.reader import Recorded
from shared.store.store import Store

Sentence = Callable[[Any], tuple[str, str | None]]
"""An event, opened, as its title and, where it has one, its text."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline; `id` is the event that proves it."""

    id: UUID
    position: int
    recorded_at: datetime
    effective_at: datetime
    actor: str
    recorded_by: str | None  # where that was not the actor: whoever imported it
    kind: str
    title: str
    detail: str | None
    links: dict[str, str]
    source: str


class Teller(NamedTuple):
    """How a service tells its events: in which sentences, with which links."""

    source: str
    sentences: Mapping[type[Event], Sentence]
    links: Callable[[Event], dict[str, str]]


async def entries(store: Store, recorded: Sequence[Recorded], teller: Teller) -> list[Entry]:
    """The timeline's entries of these events, in the same order, with their texts opened."""
    happened = [(r, r.event) for r in recorded]
    await store.vault.load(store.pool, (v for _, h in happened for v in sealed_in(h)))
    return [_entry(store, r, h, teller) for r, h in happened]


def _entry(store: Store, recorded: Recorded, event: Event, teller: Teller) -> Entry:
    clear = opened(store.vault, recorded.originator_id, event)
    title, detail = teller.sentences[type(event)](clear)
    return Entry(
        id=recorded.event_id,
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        effective_at=event.effective(recorded.recorded_at),
        actor=event.origin.by if event.origin else recorded.actor,
        recorded_by=recorded.actor if event.origin else None,
        kind=recorded.topic,
        title=title,
        detail=detail,
        links=teller.links(event),
        source=teller.source,
    )
