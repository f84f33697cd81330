"""What the problem service has suggested for an incident: a fact of its side stream."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Column, DateTime, MetaData, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.aggregate import Folded, Row
from shared.domain import Event, event
from shared.store.tables import version_columns

_METADATA = MetaData()

SUGGESTIONS = Table(
    "incident_suggestions",
    _METADATA,
    *version_columns(),
    Column("hits", JSONB, nullable=False),
)
"""A version for each list that was suggested; the id is that of the side stream."""

KNOWN_ERROR_ENDS = Table(
    "known_error_ends",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
)
"""When it was heard here that a known error is superseded or retired: from then on it is no hit."""


class Because(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why it is likely: the kind of signal, and the names or words that agree."""

    kind: str
    detail: str = ""


class Suggested(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A likely known error; its title stands in its copy."""

    known_error: UUID
    number: str
    score: float
    reasons: tuple[Because, ...] = ()


@event("incident.known_errors_suggested")
class KnownErrorsSuggested(Event, frozen=True):
    """The likely known errors, best first; the list replaces the one before."""

    incident: UUID
    hits: tuple[Suggested, ...]


def suggestion_rows(folded: Folded[Any], event: KnownErrorsSuggested) -> Iterable[Row]:
    """The list after a fact, as a row."""
    hits = msgspec.json.encode(event.hits, order="sorted").decode()
    yield Row(SUGGESTIONS, (folded.stream, folded.version, folded.created_at, hits))


def sentence(told: KnownErrorsSuggested) -> tuple[str, str | None]:
    """What the timeline says of it."""
    count = len(told.hits)
    if count == 0:
        return "No known error is likely any more", None
    return ("A likely known error" if count == 1 else f"{count} likely known errors"), None
