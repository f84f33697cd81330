"""Rows of the log in the library's vocabulary, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, Notification, NotSupportedError, StoredEvent

from shared.clock import new_id
from shared.store.append import Append, NewEvent
from shared.store.reader import Recorded


@dataclass(frozen=True)
class Reshaped(StoredEvent):
    """An event whose class had changed its shape before it was stored."""

    schema_version: int


@dataclass(frozen=True)
class ReshapedNotification(Notification):
    """The same with its position."""

    schema_version: int


def schema_version(stored: StoredEvent) -> int:
    """The shape an event was stored in."""
    return getattr(stored, "schema_version", 1)


def stored_event(row: Sequence[Any]) -> StoredEvent:
    """A row of (stream, version, topic, schema version, state)."""
    stream, version, topic, schema, state = row
    if schema == 1:
        return StoredEvent(stream, version, topic, state)
    return Reshaped(stream, version, topic, state, schema)


def notification(recorded: Recorded) -> Notification:
    """An event with its position."""
    told = (
        recorded.originator_id,
        recorded.originator_version,
        recorded.topic,
        recorded.state,
        recorded.position,
    )
    if recorded.schema_version == 1:
        return Notification(*told)
    return ReshapedNotification(*told, recorded.schema_version)


def append_of(stored: Sequence[StoredEvent], actor: str) -> Append:
    """One command of these events, each stream expected where its first event begins."""
    command = new_id()
    append = Append(command_id=command, actor=actor, expected={}, events=[])
    newest: dict[UUID, int] = {}
    for event in stored:
        stream, version = stream_id(event.originator_id), event.originator_version
        append.expected.setdefault(stream, version - 1)
        if newest.setdefault(stream, version - 1) != version - 1:
            raise IntegrityError(f"version {version} does not follow {newest[stream]} in {stream}")
        newest[stream] = version
        append.events.append(_new_event(event, stream, command))
    return append


def stream_id(originator: UUID | str) -> UUID:
    """Raises NotSupportedError unless it is a UUID."""
    if not isinstance(originator, UUID):
        raise NotSupportedError(f"streams are named by UUIDs, not by {originator!r}")
    return originator


def _new_event(event: StoredEvent, stream: UUID, command: UUID) -> NewEvent:
    return NewEvent(
        new_id(),
        stream,
        event.originator_version,
        event.topic,
        schema_version(event),
        event.state,
        command,
        None,
    )
