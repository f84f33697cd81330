"""How a known error looks: alone with what may be done now, or as an item of a list."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.problem.known_errors.known_error import COMMANDS, KnownError, refusal
from services.problem.rules import MANAGERS, RAISERS
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.domain import Personal, changed
from shared.http.actions import Action, action
from shared.store.store import Store


class Uses(msgspec.Struct, frozen=True):
    """On how many incidents it was offered, used, and has helped."""

    offered: int = 0
    used: int = 0
    helped: int = 0


class KnownErrorItem(msgspec.Struct, kw_only=True):
    """A known error in a list."""

    id: UUID
    number: str
    version: int
    position: int
    created_at: datetime
    updated_at: datetime
    title: str
    status: str
    revision: int
    error_code: str | None
    services: list[str]
    items: list[str]
    product: str | None
    product_version: str | None
    tags: list[str]
    valid_to: datetime | None
    problem: UUID | None
    fixed: bool
    published_at: datetime | None
    superseded_by: UUID | None
    expired: bool


class KnownErrorView(KnownErrorItem, kw_only=True):
    """A known error alone. `actions` only where it was read, not in a command's answer."""

    symptom: str | None
    cause: str | None
    workaround: str | None
    solution: str | None
    fix_note: str | None
    superseded_number: str | None
    retired_because: str | None
    uses: Uses
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class KnownErrorPage(msgspec.Struct, kw_only=True):
    """A page of a list; `position` is the moment of the log it shows."""

    items: list[KnownErrorItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


async def view(
    store: Store, folded: Folded[KnownError], uses: Uses, hidden: Collection[UUID] = ()
) -> KnownErrorView:
    """The representation, its texts opened, without links to what is hidden from the caller."""
    state = folded.state
    texts = [getattr(state, name) for name in _TEXTS]
    await store.vault.load(store.pool, texts)

    def clear(value: Personal | None) -> str | None:
        return None if value is None else store.vault.open(folded.stream, value)

    return _view(folded, uses, dict(zip(_TEXTS, map(clear, texts), strict=True)), hidden)


def _view(
    folded: Folded[KnownError], uses: Uses, texts: dict[str, str | None], hidden: Collection[UUID]
) -> KnownErrorView:
    state = folded.state
    created_at, updated_at = folded.times
    replaced = state.superseded_by not in hidden
    said: dict[str, Any] = {name: getattr(state, name) for name in _SHARED}
    return KnownErrorView(
        **said | texts | {name: list(getattr(state, name)) for name in _LISTS},
        id=folded.stream,
        version=folded.version,
        position=folded.position,
        created_at=created_at,
        updated_at=updated_at,
        number=f"KE-{state.number}",
        status=state.status or "",
        problem=None if state.problem in hidden else state.problem,
        superseded_by=state.superseded_by if replaced else None,
        superseded_number=_number(state.superseded_number) if replaced else None,
        uses=uses,
    )


def item(row: asyncpg.Record, hidden: Collection[UUID]) -> KnownErrorItem:
    """A list row as its item, without links to what is hidden from the caller."""
    fields: dict[str, Any] = {name: row[name] for name in (*_SHARED, *_LISTS, *_ROW)}
    return KnownErrorItem(
        **fields,
        position=row["from_position"],
        number=f"KE-{row['number']}",
        problem=None if row["problem"] in hidden else row["problem"],
        superseded_by=None if row["superseded_by"] in hidden else row["superseded_by"],
    )


def actions_of(
    folded: Folded[KnownError], caller: Caller, *, names_successor: bool
) -> list[Action]:
    """Which commands this caller may give it now, and why not the others."""
    path, state = f"/v1/known-errors/{folded.stream}", folded.state
    if not names_successor:
        state = changed(state, superseded_number=None)
    return [
        action(name, f"{path}/{name}", refusal(state, name), _why_not(name, caller))
        for name in COMMANDS
    ]


def _why_not(command: str, caller: Caller) -> str | None:
    return caller.lacks(*(RAISERS if command == "record-use" else MANAGERS))


def _number(number: int | None) -> str | None:
    return None if number is None else f"KE-{number}"


_TEXTS = ("symptom", "cause", "workaround", "solution", "fix_note", "retired_because")
_LISTS = ("services", "items", "tags")
_ROW = ("id", "version", "created_at", "updated_at", "status")
_SHARED = tuple(
    "title revision error_code product product_version valid_to fixed published_at expired".split()
)
