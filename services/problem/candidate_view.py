"""How a candidate looks: alone, or as an item of a list."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from services.problem.actions import Action
from services.problem.candidate import Candidate, Match
from shared.aggregate import Folded
from shared.store.store import Store

_encode = msgspec.json.Encoder().encode


class Window(msgspec.Struct, frozen=True):
    """When the first and the last of the incidents happened."""

    start: datetime
    end: datetime


class CandidateItem(msgspec.Struct, kw_only=True):
    """A trend that may be a problem, with the evidence as it was when it was found."""

    id: UUID
    version: int
    position: int
    created_at: datetime
    updated_at: datetime
    status: str
    rule: str
    rule_version: int
    window: Window
    alike: dict[str, str]
    matches: list[Match]
    problem: UUID | None
    problem_number: str | None


class CandidateView(CandidateItem, kw_only=True):
    """A candidate alone; `reason` says why it was dismissed."""

    reason: str | None
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class CandidatePage(msgspec.Struct, kw_only=True):
    """A page of a list; `position` is the moment of the log it shows."""

    items: list[CandidateItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


async def render(store: Store, folded: Folded[Candidate], hidden: Collection[UUID] = ()) -> bytes:
    """The representation as JSON, without the incidents that are hidden from the caller."""
    state = folded.state
    await store.vault.load(store.pool, [state.reason])
    reason = None if state.reason is None else store.vault.open(folded.stream, state.reason)
    return _encode(
        CandidateView(
            id=folded.stream,
            version=folded.version,
            position=folded.position,
            created_at=folded.created_at,  # type: ignore[arg-type]  # it has at least one event
            updated_at=folded.updated_at,  # type: ignore[arg-type]
            status=state.status or "",
            rule=state.rule,
            rule_version=state.rule_version,
            window=Window(state.window_from, state.window_until),  # type: ignore[arg-type]
            alike=state.alike,
            matches=[match for match in state.matches if match.incident not in hidden],
            problem=None if state.problem in hidden else state.problem,
            problem_number=None if state.problem in hidden else _number(state.number),
            reason=reason,
        )
    )


def item(row: asyncpg.Record, hidden: Collection[UUID]) -> CandidateItem:
    """A list row as its item, without the incidents that are hidden from the caller."""
    columns = "id version created_at updated_at status rule rule_version alike".split()
    fields = {name: row[name] for name in columns}
    matches = msgspec.convert(row["matches"], list[Match])
    return CandidateItem(
        **fields,
        position=row["from_position"],
        window=Window(row["window_from"], row["window_until"]),
        matches=[match for match in matches if match.incident not in hidden],
        problem=None if row["problem"] in hidden else row["problem"],
        problem_number=None if row["problem"] in hidden else _number(row["problem_number"]),
    )


def _number(number: int | None) -> str | None:
    return None if number is None else f"PRB-{number}"
