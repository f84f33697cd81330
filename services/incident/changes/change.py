"""A change that was made somewhere, as its pipeline told of it: what responders look at first."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.aggregate import Aggregate, Folded, Row
from shared.domain import Event, State, changed, event
from shared.errors import Refused
from shared.store.tables import version_columns


@event("change.recorded")
class ChangeRecorded(Event, frozen=True):
    """`at` is when it was made; `more` is what its sender says beside."""

    summary: str
    sender: str
    at: datetime
    source: str | None = None
    service: str | None = None
    integration: str | None = None
    links: tuple[Any, ...] = ()
    more: dict[str, Any] = {}


class Change(State, frozen=True):
    """One change; it is never told again."""

    told: ChangeRecorded | None = None


def record(change: Change, *, told: ChangeRecorded) -> Sequence[ChangeRecorded]:
    """Take it down."""
    if change.told is not None:
        raise Refused("this change is on record already")
    return [told]


def evolve(change: Change, event: ChangeRecorded) -> Change:
    """Never refuses: this has already happened."""
    return changed(change, told=event)


CHANGES = Table(
    "changes",
    MetaData(),
    *version_columns(),
    Column("summary", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("source", Text),
    Column("service", Text),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("told", JSONB, nullable=False),
)


def rows(folded: Folded[Change], event: ChangeRecorded) -> Iterable[Row]:
    """The change as it is listed."""
    content = msgspec.json.encode(event, order="sorted").decode()
    of = (folded.stream, folded.version, folded.created_at)
    listed = (event.summary, event.sender, event.source, event.service, event.at, content)
    yield Row(CHANGES, (*of, *listed))


CHANGE: Aggregate[Change, ChangeRecorded] = Aggregate("change", Change(), evolve, rows=rows)
