"""The log as others may read it: published events as CloudEvents, in commit order.

A service's `published.py` maps event classes to public, versioned data; what it does not map is
its own affair. Nothing personal is published.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.domain import Event, Origin
from shared.envelope import leaf_hash, rfc3339
from shared.errors import LogMismatch
from shared.store.reader import Recorded
from shared.store.store import Store

Published = Mapping[type[Event], Callable[[Any], msgspec.Struct]]
"""Event class to a function from the event to its public data."""

PAGE = 1_000
_encode = msgspec.json.Encoder().encode


class FeedPage(NamedTuple):
    """Some CloudEvents as JSON, and how far the log was read to find them.

    `events` are (position, subject, type, CloudEvent); `hash` is the leaf hash at `scanned`.
    """

    events: list[tuple[int, UUID, str, bytes]]
    log: UUID
    scanned: int
    hash: str


class Feed:
    """One service's published events."""

    def __init__(self, service: str, store: Store, published: Published) -> None:
        self._service = service
        self._store = store
        self._tell = {kind.topic: tell for kind, tell in published.items()}
        self._types = {kind.topic: f"tocsin.{kind.topic}.v1" for kind in published}
        self._topics = list(self._tell)
        self.types = frozenset(self._types.values())

    async def page(self, after: int, *, limit: int = PAGE, known_hash: str = "") -> FeedPage:
        """The published events behind a position, at most `limit`.

        Raises LogMismatch where the log ends before `after`, or where the event at `after` does
        not have the hash the reader knows.
        """
        head = await self._store.log.head()
        if after > head.position:
            raise LogMismatch(f"this log ends at {head.position}, before your cursor at {after}")
        if known_hash and known_hash != await self._hash_at(head.log, after):
            raise LogMismatch(f"the event at {after} is not the one you have seen")
        found = await self._store.log.page(
            after, until=head.position, limit=limit, topics=self._topics
        )
        scanned = found[-1].position if len(found) == limit else head.position
        is_last = bool(found) and found[-1].position == scanned
        hashed = (
            leaf_hash(head.log, found[-1]) if is_last else await self._hash_at(head.log, scanned)
        )
        events = [self._told(recorded) for recorded in found]
        return FeedPage(events, head.log, scanned, hashed)

    async def _hash_at(self, log: UUID, position: int) -> str:
        found = await self._store.log.page(position - 1, until=position, limit=1)
        return leaf_hash(log, found[0]) if found else ""

    def _told(self, recorded: Recorded) -> tuple[int, UUID, str, bytes]:
        kind = self._types[recorded.topic]
        event = recorded.event
        data = self._tell[recorded.topic](event)
        return (
            recorded.position,
            recorded.originator_id,
            kind,
            self._cloud_event(kind, recorded, event.origin, data),
        )

    def _cloud_event(
        self, kind: str, recorded: Recorded, origin: Origin | None, data: msgspec.Struct
    ) -> bytes:
        causation = f',"causationid":"{recorded.causation_id}"' if recorded.causation_id else ""
        trace = f',"traceparent":"{recorded.traceparent}"' if recorded.traceparent else ""
        return (
            f'{{"specversion":"1.0","id":"{recorded.event_id}","source":"/v1/{self._service}"'
            f',"type":"{kind}","subject":"{recorded.originator_id}"'
            f',"time":"{rfc3339(recorded.recorded_at)}","datacontenttype":"application/json"'
            f',"position":{recorded.position},"version":{recorded.originator_version}'
            f',"actor":{_encode(recorded.actor).decode()}'
            f',"correlationid":"{recorded.correlation_id}"{causation}{trace}{_history(origin)},"data":'
        ).encode() + b"%b}" % _encode(data)


def _history(origin: Origin | None) -> str:
    """What tells a follower that a fact is another system's past."""
    if origin is None:
        return ""
    live = ',"live":true' if origin.live else ""
    return f',"imported":true,"happenedat":"{rfc3339(origin.at)}"{live}'
