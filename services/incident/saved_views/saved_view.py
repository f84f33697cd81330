"""A saved view: which incidents, in which order, in which columns; whose it is, who may use it."""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

import msgspec
from sqlalchemy import Boolean, Column, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.aggregate import Aggregate, Folded, Row
from shared.auth.caller import Caller
from shared.domain import Event, State, changed, event
from shared.errors import Refused
from shared.restrictions import person, role, sees_all, team, words_of
from shared.store.tables import version_columns

EVERYONE = "everyone"


@event("saved_view.set")
class SavedViewSet(Event, frozen=True):
    """The whole view, new or changed; `filters` as its user stated them."""

    name: str
    owner: str
    everyone: bool = False
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    filters: dict[str, Any] = {}
    sort: str | None = None
    columns: tuple[str, ...] = ()


@event("saved_view.retired")
class SavedViewRetired(Event, frozen=True):
    pass


SavedViewEvent = SavedViewSet | SavedViewRetired


class SavedView(State, frozen=True):
    """A view as its events tell it."""

    name: str = ""
    owner: str = ""
    everyone: bool = False
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    filters: dict[str, Any] = {}
    sort: str | None = None
    columns: tuple[str, ...] = ()
    retired: bool = False

    @property
    def is_shared(self) -> bool:
        """With anybody but its owner."""
        return self.everyone or bool(self.roles or self.teams)

    def admits(self, caller: Caller) -> bool:
        """Whether the caller may use it, and know of it."""
        return sees_all(caller) or not set(reader_words(caller)).isdisjoint(_admitted(self))


def reader_words(caller: Caller) -> list[str]:
    """The words by which a view is open to this caller."""
    return [*words_of(caller), EVERYONE]


def _admitted(view: SavedView) -> list[str]:
    everyone = [EVERYONE] if view.everyone else []
    return [person(view.owner), *map(team, view.teams), *map(role, view.roles), *everyone]


def put(view: SavedView, *, said: SavedViewSet) -> Sequence[SavedViewEvent]:
    """Say the whole view."""
    if view.retired:
        raise Refused("the view is retired; save a new one")
    return [] if _as_said(said) == view else [said]


def retire(view: SavedView) -> Sequence[SavedViewEvent]:
    return [] if view.retired else [SavedViewRetired()]


def evolve(view: SavedView, event: SavedViewEvent) -> SavedView:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case SavedViewSet():
            return _as_said(event)
        case SavedViewRetired():
            return changed(view, retired=True)
        case _:
            assert_never(event)


def _as_said(said: SavedViewSet) -> SavedView:
    return SavedView(**said.fields())


SAVED_VIEWS = Table(
    "saved_views",
    MetaData(),
    *version_columns(),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("admits", JSONB, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("retired", Boolean, nullable=False),
)


def rows(folded: Folded[SavedView], event: SavedViewEvent) -> Iterable[Row]:
    """The view as it is listed."""
    view = folded.state
    yield Row(SAVED_VIEWS, (
        folded.stream, folded.version, folded.created_at, view.name, view.owner,
        _json(_admitted(view)), _json(view), view.retired,
    ))  # fmt: skip


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


SAVED_VIEW = Aggregate("saved_view", SavedView(), evolve, rows=rows)
