"""The read models behind lists and search, written in the transaction of their events."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from services.incident.events import Declared, IncidentEvent, Unrestricted
from services.incident.facts import facts_stream
from services.incident.incident import Incident
from services.incident.major.state import punctuality
from services.incident.problem_feed.tables import FEED_TABLES
from services.incident.review.events import review_stream
from services.incident.rules import MajorState
from services.incident.visibility import restriction_of
from shared.aggregate import Folded, Row
from shared.restrictions import DERIVED, RESTRICTIONS
from shared.store.tables import version_columns

_METADATA = MetaData()
_encode = msgspec.json.Encoder(order="sorted").encode

INCIDENTS = Table(
    "incidents",
    _METADATA,
    *version_columns(),
    Column("number", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("hold_reason", Text),
    Column("reporter", Text, nullable=False),
    Column("service", Text),
    Column("item", Text),
    Column("category", Text),
    Column("subcategory", Text),
    Column("impact", SmallInteger),
    Column("urgency", SmallInteger),
    Column("priority", SmallInteger),
    Column("assignment_group", Text),
    Column("assigned_to", Text),
    Column("source", Text),
    Column("external_ref", Text),
    Column("tags", JSONB, nullable=False),
    Column("labels", JSONB, nullable=False),
    Column("resolution_code", Text),
    Column("started_at", DateTime(timezone=True)),
    Column("detected_at", DateTime(timezone=True)),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("mitigated_at", DateTime(timezone=True)),
    Column("resolved_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("reopen_count", Integer, nullable=False),
    Column("reassignment_count", Integer, nullable=False),
    Column("escalation_count", Integer, nullable=False),
    Column("parent", Uuid),
    Column("merged_into", Uuid),
    Column("child_count", Integer, nullable=False),
    Column("links", JSONB, nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("stated", Text),  # JSON that nobody searches: not taken apart
    Column("problem", Uuid),
    Column("known_error", Text),
    Column("restricted", Boolean, nullable=False),
    Column("declared_at", DateTime(timezone=True)),
    Column("major", Text),
    Column("updates", JSONB),
)

INCIDENT_TEXTS = Table(
    "incident_texts",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column(
        "document",
        TSVECTOR,
        Computed(
            "setweight(to_tsvector('simple', searchable(title)), 'A') || "
            "to_tsvector('simple', searchable(coalesce(description, '')))"
        ),
    ),
)
"""For full-text search of the present; clear text lives here only as long as its key."""

TABLES = (INCIDENTS, INCIDENT_TEXTS, *FEED_TABLES, RESTRICTIONS, DERIVED)


def rows(folded: Folded[Incident], event: IncidentEvent) -> Iterable[Row]:
    """The list row after an event, and the texts to search where the event brings them."""
    state = folded.state
    yield Row(INCIDENTS, (
        folded.stream, folded.version, folded.created_at, state.number, state.title, state.status,
        state.hold_reason, state.reporter, state.service, state.item, state.category,
        state.subcategory, state.impact, state.urgency, state.priority, state.group,
        state.assigned_to, state.source, state.external_ref, _json(state.tags), _json(state.labels),
        state.resolution_code, state.started_at, state.detected_at, state.acknowledged_at,
        state.mitigated_at, state.resolved_at, state.closed_at, state.reopen_count,
        state.reassignment_count, state.escalation_count, state.parent, state.merged_into,
        len(state.children), _json(tuple(state.links)), state.imported,
        _json(state.stated) if state.imported else None, state.problem, state.known_error,
        state.restriction is not None, state.declared_at, _major(state),
        _updates(state),
    ))  # fmt: skip
    if isinstance(event, Declared):
        yield Row(INCIDENT_TEXTS, (folded.stream, event.title, event.description))
    if state.restriction is not None or isinstance(event, Unrestricted):
        restriction = restriction_of(state)
        for stream in (folded.stream, facts_stream(folded.stream), review_stream(folded.stream)):
            yield Row(RESTRICTIONS, restriction.row(stream))


def _major(state: Incident) -> str | None:
    held = state.major.state
    return None if held is MajorState.NONE else held


def _updates(state: Incident) -> str | None:
    told = punctuality(state.major)
    return None if told is None else _json(told)


def _json(value: object) -> str:
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    return _encode(value).decode()
