"""The read models of the catalogue, written in the transaction of their events."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, DateTime, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.incident.catalogue.entry import Entry
from services.incident.catalogue.events import ItemEvent, MaintenanceEvent, ServiceEvent
from services.incident.catalogue.window import Window
from shared.aggregate import Folded, Row
from shared.store.tables import version_columns

_METADATA = MetaData()

ENTRIES = Table(
    "catalogue_entries",
    _METADATA,
    *version_columns(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("type", Text),
    Column("criticality", Text),
    Column("owning_team", Text),
    Column("assignment_group", Text),
    Column("depends_on_services", JSONB, nullable=False),
    Column("depends_on_items", JSONB, nullable=False),
    Column("retired", Boolean, nullable=False),
)
"""Services and items: `kind` tells which."""

WINDOWS = Table(
    "maintenance_windows",
    _METADATA,
    *version_columns(),
    Column("reason", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("services", JSONB, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("repeats", JSONB, nullable=False),
    Column("retired_at", DateTime(timezone=True)),
    Column("over_at", DateTime(timezone=True)),
)
"""`over_at` is when nothing of it is left to come; null where it repeats for ever."""

DIRECTORY = Table(
    "directory_copies",
    _METADATA,
    Column("fact", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text),
)
"""What the notification service has told of teams and people, fact by fact; no key: retired."""

CATALOGUE_TABLES = (ENTRIES, WINDOWS, DIRECTORY)


def service_rows(folded: Folded[Entry], event: ServiceEvent) -> Iterable[Row]:
    """The row of a service after an event."""
    yield _entry("service", folded)


def item_rows(folded: Folded[Entry], event: ItemEvent) -> Iterable[Row]:
    """The row of an item after an event."""
    yield _entry("item", folded)


def window_rows(folded: Folded[Window], event: MaintenanceEvent) -> Iterable[Row]:
    """The row of a maintenance window after an event."""
    state = folded.state
    yield Row(WINDOWS, (
        folded.stream, folded.version, folded.created_at, state.reason, state.starts_at,
        state.ends_at, _json(state.services), _json(state.items), state.time_zone,
        _json(state.repeats), state.retired_at, _over_at(state),
    ))  # fmt: skip


def _entry(kind: str, folded: Folded[Entry]) -> Row:
    state = folded.state
    return Row(ENTRIES, (
        folded.stream, folded.version, folded.created_at, kind, state.key, state.name,
        state.description, state.type, state.criticality, state.owning_team,
        state.assignment_group, _json(state.depends_on_services), _json(state.depends_on_items),
        state.retired,
    ))  # fmt: skip


def _over_at(window: Window) -> datetime | None:
    if window.retired_at is not None:
        return window.retired_at
    if window.repeats is None:
        return window.ends_at
    if window.repeats.until is None or window.starts_at is None or window.ends_at is None:
        return None
    return window.repeats.until + (window.ends_at - window.starts_at)


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
