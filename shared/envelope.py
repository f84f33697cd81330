"""An event's envelope in one canonical form: what hashes, cursors and proofs are made of."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from shared.store.reader import Recorded

FORMAT = 1
_encode = msgspec.json.Encoder(order="sorted").encode


def rfc3339(moment: datetime) -> str:
    """UTC with six digits of microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def envelope(log: UUID, recorded: Recorded) -> bytes:
    """RFC 8785 JSON of everything around the stored bytes, which enter as their SHA-256."""
    return _encode(
        {
            "format": FORMAT,
            "log": log,
            "position": recorded.position,
            "event_id": recorded.event_id,
            "stream": recorded.originator_id,
            "version": recorded.originator_version,
            "topic": recorded.topic,
            "schema_version": recorded.schema_version,
            "actor": recorded.actor,
            "correlation_id": recorded.correlation_id,
            "causation_id": recorded.causation_id,
            "command_id": recorded.command_id,
            "recorded_at": rfc3339(recorded.recorded_at),
            "state_sha256": hashlib.sha256(recorded.state).hexdigest(),
        }
    )


def leaf_hash(log: UUID, recorded: Recorded) -> str:
    """The RFC 6962 hash of this envelope as a leaf, in hex."""
    return hashlib.sha256(b"\0" + envelope(log, recorded)).hexdigest()
