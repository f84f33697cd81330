"""A saved view as it is answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.incident.saved_views.rights import why_not
from services.incident.saved_views.saved_view import SavedView
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.http.actions import Action


class SharedWith(msgspec.Struct, frozen=True):
    """With whom a view is shared beside its owner."""

    everyone: bool
    teams: tuple[str, ...]
    roles: tuple[str, ...]


class SavedViewView(msgspec.Struct, kw_only=True):
    """A saved view; `actions` only where it was read alone."""

    id: UUID
    version: int
    position: int
    created_at: datetime
    updated_at: datetime
    name: str
    owner: str
    shared_with: SharedWith
    filters: dict[str, Any]
    sort: str | None
    columns: tuple[str, ...]
    retired: bool
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class SavedViewPage(msgspec.Struct):
    """A page of views."""

    items: list[SavedViewView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


def of_folded(folded: Folded[SavedView]) -> SavedViewView:
    """As its events tell it."""
    return _shown(
        folded.state, **{name: getattr(folded, name) for name in _PLACED}, id=folded.stream
    )


def of_row(row: asyncpg.Record) -> SavedViewView:
    """As it is listed."""
    state = msgspec.convert(row["document"], SavedView)
    placed = {name: row[name] for name in _PLACED if name != "position"}
    return _shown(state, **placed, id=row["id"], position=row["from_position"])


def actions(folded: Folded[SavedView], caller: Caller) -> list[Action]:
    """What this caller may do with it now."""
    over = "it is retired" if folded.state.retired else None
    reason = over or why_not(folded.state, caller)
    path = f"/v1/incident/views/{folded.stream}"
    names = (("put", path), ("retire", f"{path}/retire"))
    return [Action(name, reason is None, reason, href) for name, href in names]


_PLACED = ("version", "position", "created_at", "updated_at")


def _shown(view: SavedView, **placed: Any) -> SavedViewView:
    return SavedViewView(
        **placed,
        name=view.name,
        owner=view.owner,
        shared_with=SharedWith(view.everyone, view.teams, view.roles),
        filters=view.filters,
        sort=view.sort,
        columns=view.columns,
        retired=view.retired,
    )
