"""The read models behind lists and search, written in the transaction of their events."""

from collections.abc import Iterable
from uuid import uuid5

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from services.problem.events import (
    Closed,
    FixPlanned,
    Logged,
    ProblemEvent,
    Resolved,
    RootCauseRecorded,
    WorkaroundDrafted,
)
from services.problem.facts import FactEvent, Facts, facts_stream
from services.problem.loop.loop import loop_stream
from services.problem.problem import Problem
from services.problem.trends.tables import CANDIDATE_MATCHES, CANDIDATES, SIGHTINGS
from shared.aggregate import Folded, Row
from shared.domain import Event
from shared.restrictions import DERIVED, RESTRICTIONS
from shared.store.tables import version_columns

_METADATA = MetaData()

PROBLEMS = Table(
    "problems",
    _METADATA,
    *version_columns(),
    Column("number", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("service", Text),
    Column("item", Text),
    Column("category", Text),
    Column("subcategory", Text),
    Column("impact", SmallInteger),
    Column("urgency", SmallInteger),
    Column("priority", SmallInteger),
    Column("major", Boolean, nullable=False),
    Column("assignment_group", Text),
    Column("assigned_to", Text),
    Column("owner", Text),
    Column("tags", JSONB, nullable=False),
    Column("incidents", JSONB, nullable=False),
    Column("workaround", Text),
    Column("target_date", Date),
    Column("duplicate_of", Uuid),
    Column("candidate", Uuid),
    Column("started_at", DateTime(timezone=True)),
    Column("root_cause_at", DateTime(timezone=True)),
    Column("resolved_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("open_tasks", Integer, nullable=False),
    Column("reanalysis_count", Integer, nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("source", Text),
    Column("external_ref", Text),
    Column("stated", JSONB),
    Column("logged_at", DateTime(timezone=True)),
    Column("reassignment_count", Integer, nullable=False),
    Column("fix_rejection_count", Integer, nullable=False),
    Column("review_date", Date),
)

PROBLEM_TEXTS = Table(
    "problem_texts",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("problem", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("document", TSVECTOR, Computed("setweight(to_tsvector('simple', title), 'A')")),
)
"""For full-text search of the present; clear text lives here only as long as its key."""

RECURRENCES = Table(
    "problem_recurrences",
    _METADATA,
    *version_columns(),
    Column("problem", Uuid, nullable=False),
    Column("incidents", JSONB, nullable=False),
)
"""Incidents that came back after a fix; a row a side stream."""

INCIDENT_COPIES = Table(
    "incident_copies",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("symptom", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("service", Text),
    Column("item", Text),
    Column("category", Text),
    Column("subcategory", Text),
    Column("impact", SmallInteger),
    Column("urgency", SmallInteger),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("event", Uuid, nullable=False),
    Column("imported", Boolean, nullable=False),
)
"""What the incident service has told of its incidents: links and trends are decided on it."""

OWN_TABLES = (PROBLEMS, PROBLEM_TEXTS, RECURRENCES, CANDIDATES, CANDIDATE_MATCHES)
"""What the log says; they can be made from it anew."""

TABLES = (*OWN_TABLES, INCIDENT_COPIES, SIGHTINGS, RESTRICTIONS, DERIVED)


def problem_rows(folded: Folded[Problem], event: ProblemEvent) -> Iterable[Row]:
    """The list row after an event, and the text to search where the event brings one."""
    state = folded.state
    yield Row(PROBLEMS, (
        folded.stream, folded.version, folded.created_at, state.number, state.title, state.status,
        state.service, state.item, state.category, state.subcategory, state.impact, state.urgency,
        state.priority, state.major, state.group, state.assigned_to, state.owner,
        _json(state.tags), _json(state.incidents), state.workaround.status, state.target_date,
        state.duplicate_of, state.candidate, state.started_at, state.root_cause_at,
        state.resolved_at, state.closed_at, len(state.open_tasks), state.reanalysis_count,
        state.imported, state.source, state.external_ref,
        _json(state.stated) if state.imported else None, state.logged_at,
        state.reassignment_count, state.fix_rejection_count,
        state.risk.review_date if state.risk else None,
    ))  # fmt: skip
    if isinstance(event, Logged) and event.raised_from is not None:
        for stream in (folded.stream, facts_stream(folded.stream), loop_stream(folded.stream)):
            yield Row(DERIVED, (stream, _json([event.raised_from])))
    if (text := _text(event)) is not None:
        part = uuid5(folded.stream, type(event).topic)
        yield Row(PROBLEM_TEXTS, (part, folded.stream, state.title, text))


_SEARCHED: dict[type[Event], str] = {
    Logged: "description",
    RootCauseRecorded: "cause",
    WorkaroundDrafted: "text",
    FixPlanned: "fix",
    Resolved: "summary",
    Closed: "lessons_learned",
}
"""The texts that are searched beside the title; what was said last of a kind takes its place."""


def _text(event: ProblemEvent) -> str | None:
    field = _SEARCHED.get(type(event))
    said = None if field is None else getattr(event, field)
    return "" if said is None and isinstance(event, Logged) else said


def fact_rows(folded: Folded[Facts], event: FactEvent) -> Iterable[Row]:
    """The row of a problem's recurrences after an event."""
    incidents = _json(folded.state.recurrences)
    row = (folded.stream, folded.version, folded.created_at, event.problem, incidents)
    yield Row(RECURRENCES, row)


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
