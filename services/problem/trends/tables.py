"""What is stored of trends: candidates, their evidence, and each sighting of an incident."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.problem.candidate import Candidate, CandidateEvent, Joined, Match, Raised
from services.problem.trends.text import symptom_of
from shared.aggregate import Folded, Row
from shared.restrictions import DERIVED
from shared.store.tables import version_columns

_METADATA = MetaData()

CANDIDATES = Table(
    "candidates",
    _METADATA,
    *version_columns(),
    Column("status", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("window_from", DateTime(timezone=True), nullable=False),
    Column("window_until", DateTime(timezone=True), nullable=False),
    Column("alike", JSONB, nullable=False),
    Column("size", Integer, nullable=False),
    Column("raised_by", BigInteger, nullable=False),
    Column("pivot", Uuid),
    Column("symptom", Text, nullable=False),
    Column("problem", Uuid),
    Column("problem_number", BigInteger),
)
"""`pivot` is the incident that the others read like, `symptom` what its title says."""

CANDIDATE_MATCHES = Table(
    "candidate_matches",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("candidate", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("incident", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("event", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
"""The evidence, each with the version of its candidate that brought it; nothing leaves it."""

SIGHTINGS = Table(
    "trend_sightings",
    _METADATA,
    Column("position", BigInteger, primary_key=True),
    Column("event", Uuid, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("incident", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("service", Text),
    Column("item", Text),
    Column("category", Text),
    Column("subcategory", Text),
    Column("impact", SmallInteger),
    Column("urgency", SmallInteger),
    Column("counts", Boolean, nullable=False),
    Column("quiet", Boolean, nullable=False),
)
"""What trend rules look at, by position of the incident feed; it only grows."""


def candidate_rows(folded: Folded[Candidate], event: CandidateEvent) -> Iterable[Row]:
    """The list row after an event, and the evidence that it brings."""
    state = folded.state
    yield Row(CANDIDATES, (
        folded.stream, folded.version, folded.created_at, state.status, state.rule,
        state.rule_version, state.window_from, state.window_until, _json(state.alike),
        len(state.matches), state.raised_by, state.like, _symptom(state),
        state.problem, state.number,
    ))  # fmt: skip
    if isinstance(event, Raised):  # whoever may know of none of these may not know of the trend
        yield Row(DERIVED, (folded.stream, _json(state.incidents)))
    if isinstance(event, Raised | Joined):
        for match in event.matches:
            yield Row(CANDIDATE_MATCHES, _match(folded, match))


def _match(folded: Folded[Candidate], match: Match) -> tuple[object, ...]:
    return (
        match_id(folded.stream, match.incident), folded.stream, folded.version, match.incident,
        match.number, match.title, match.event, match.position, match.at,
    )  # fmt: skip


def match_id(candidate: UUID, incident: UUID) -> UUID:
    """The row of one incident in the evidence of one candidate; the migration makes the same."""
    told = f"{candidate}{incident}".encode()
    return UUID(hashlib.md5(told, usedforsecurity=False).hexdigest())


def _symptom(state: Candidate) -> str:
    if state.like is None:
        return ""
    titles = (match.title for match in state.matches if match.incident == state.like)
    return symptom_of(next(titles, ""))


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
