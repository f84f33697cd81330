"""The log as others may read it: published events as CloudEvents, in commit order.

A service's `published.py` maps event classes to public, versioned data; what it does not map is
its own affair. Nothing personal is published but texts that are written to be told. What is
restricted is told, flagged, to those who may know of it and to whoever holds the scope FOLLOWS; for
the others it is not there.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.auth.caller import Caller
from shared.codec import event_class
from shared.domain import Event, Origin, Sealed
from shared.envelope import leaf_hash, rfc3339
from shared.errors import LogMismatch
from shared.event_view import opened, sealed_in
from shared.mentions import mentioned, without
from shared.restrictions import FOLLOWS, any_restricted, restricted_among
from shared.store.reader import Recorded
from shared.store.store import Store

Published = Mapping[type[Event], Callable[[Any], msgspec.Struct]]
"""Event class to a function from the event to its public data."""

PAGE = 1_000
_encode = msgspec.json.Encoder().encode


class Told(NamedTuple):
    """A published event: its envelope, its type, its public data as JSON."""

    recorded: Recorded
    kind: str
    origin: Origin | None
    data: bytes
    restricted: bool = False


class FeedPage(NamedTuple):
    """Some published events, and how far the log was read to find them.

    `hash` is the leaf hash at `scanned`, whether that event is told or not.
    """

    events: list[Told]
    log: UUID
    scanned: int
    hash: str


def types_of(published: Published) -> dict[str, str]:
    """The public type of each event that is published, by its stored name."""
    return {kind.topic: f"tocsin.{kind.topic}.v1" for kind in published}


class Feed:
    """One service's published events."""

    def __init__(self, service: str, store: Store, published: Published) -> None:
        self._service = service
        self._store = store
        self._tell = {kind.topic: tell for kind, tell in published.items()}
        self._types = types_of(published)
        self._topics = list(self._tell)

    async def page(
        self, after: int, caller: Caller, *, limit: int = PAGE, known_hash: str = ""
    ) -> FeedPage:
        """The published events behind a position that this caller may know of, at most `limit`.

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
        await self._store.vault.load(self._store.pool, (v for r in found for v in self._texts(r)))
        events = await self._for(caller, [self._told(recorded) for recorded in found])
        return FeedPage(events, head.log, scanned, hashed)

    async def _for(self, caller: Caller, told: list[Told]) -> list[Told]:
        pool = self._store.pool
        if not told or not await any_restricted(pool):
            return told
        subjects = {each.recorded.originator_id for each in told}
        ids = subjects.union(*(mentioned(each.data) for each in told))
        restricted, hidden = await restricted_among(pool, caller, ids)
        if FOLLOWS in caller.scopes:
            hidden = frozenset()
        return [
            each._replace(data=data, restricted=each.recorded.originator_id in restricted)
            for each in told
            if each.recorded.originator_id not in hidden
            and (data := without(each.data, hidden)) is not None
        ]

    async def _hash_at(self, log: UUID, position: int) -> str:
        found = await self._store.log.page(position - 1, until=position, limit=1)
        return leaf_hash(log, found[0]) if found else ""

    def _texts(self, recorded: Recorded) -> list[Sealed]:
        return sealed_in(recorded.event) if event_class(recorded.topic).tells else []

    def _told(self, recorded: Recorded) -> Told:
        event = recorded.event
        if event.tells:
            event = opened(self._store.vault, recorded.originator_id, event)
        data = _encode(self._tell[recorded.topic](event))
        return Told(recorded, self._types[recorded.topic], event.origin, data)

    def cloud_event(self, told: Told) -> bytes:
        """A CloudEvent 1.0 in JSON, with what ours have beside."""
        recorded = told.recorded
        causation = f',"causationid":"{recorded.causation_id}"' if recorded.causation_id else ""
        trace = f',"traceparent":"{recorded.traceparent}"' if recorded.traceparent else ""
        marks = _history(told.origin) + (',"restricted":true' if told.restricted else "")
        return (
            f'{{"specversion":"1.0","id":"{recorded.event_id}","source":"/v1/{self._service}"'
            f',"type":"{told.kind}","subject":"{recorded.originator_id}"'
            f',"time":"{rfc3339(recorded.recorded_at)}","datacontenttype":"application/json"'
            f',"position":{recorded.position},"version":{recorded.originator_version}'
            f',"actor":{_encode(recorded.actor).decode()}'
            f',"correlationid":"{recorded.correlation_id}"{causation}{trace}{marks},"data":'
        ).encode() + b"%b}" % told.data


def _history(origin: Origin | None) -> str:
    """What tells a follower that a fact is another system's past."""
    if origin is None:
        return ""
    live = ',"live":true' if origin.live else ""
    return f',"imported":true,"happenedat":"{rfc3339(origin.at)}"{live}'
