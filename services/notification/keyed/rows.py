"""The read model behind the lists of keyed data, and how one looks to a caller."""

from collections.abc import Iterable
from typing import Any, TypeVar

import asyncpg
import msgspec
from sqlalchemy import Boolean, Column, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.notification.keyed.keyed import Keyed
from shared.aggregate import Folded, Row
from shared.domain import Event
from shared.http.actions import Action
from shared.http.managed import Item, head_of
from shared.store.tables import version_columns

KEYED = Table(
    "keyed",
    MetaData(),
    *version_columns(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("retired", Boolean, nullable=False),
)


class KeyedItem(Item, kw_only=True):
    """What every kind shows. `actions` only where it was read alone, not in a command's answer."""

    key: str
    name: str
    retired: bool
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


V = TypeVar("V", bound=KeyedItem)


def keyed_rows(folded: Folded[Any], event: Event) -> Iterable[Row]:
    """The list row after an event."""
    state: Keyed = folded.state
    document = msgspec.json.encode(state.shown(), order="sorted").decode()
    yield Row(KEYED, (
        folded.stream, folded.version, folded.created_at, state.noun, state.key, state.name,
        document, state.retired,
    ))  # fmt: skip


def view_of(kind: type[V], folded: Folded[Any]) -> V:
    """One alone."""
    state: Keyed = folded.state
    own = {"key": state.key, "name": state.name, "retired": state.retired}
    said = msgspec.to_builtins(state.shown())
    return msgspec.convert(head_of(folded) | own | said, kind)


def item_of(kind: type[V], row: asyncpg.Record) -> V:
    """The item of a list's row."""
    return msgspec.convert(dict(row) | {"position": row["from_position"]} | row["document"], kind)
