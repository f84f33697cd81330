"""How a candidate looks: alone, or as an item of a list."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from services.problem.candidate import Candidate, Match
from services.problem.trends.group import MOST_MATCHES
from shared.aggregate import Folded
from shared.http.actions import Action
from shared.store.store import Store

_encode = msgspec.json.Encoder().encode


class Window(msgspec.Struct, frozen=True):
    """When the first and the last of the incidents happened."""

    start: datetime
    end: datetime


class CandidateItem(msgspec.Struct, kw_only=True):
    """A trend that may be a problem, with the evidence as it was when it was found.

    `raised_by` is the position, in the log of incidents, of the fact that made it a trend; `like`
    names the incident that the others read like, where the rule asks for that; `is_full` says that
    no more incidents join it.
    """

    id: UUID
    version: int
    position: int
    created_at: datetime
    updated_at: datetime
    status: str
    rule: str
    rule_version: int
    raised_by: int
    window: Window
    alike: dict[str, str]
    like: UUID | None
    matches: list[Match]
    is_full: bool
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


class Shown(NamedTuple):
    """What a caller may see of the evidence: the incidents, and when they happened."""

    matches: list[Match]
    window: Window
    like: UUID | None

    def fields(self) -> dict[str, Any]:
        """As fields of an item."""
        return self._asdict()


def shown(
    matches: Iterable[Match], like: UUID | None, hidden: Collection[UUID], otherwise: Window
) -> Shown:
    """The evidence as it happened, without the incidents that are hidden from the caller."""
    left = [match for match in matches if match.incident not in hidden]
    left.sort(key=lambda match: (match.at, match.position))
    window = Window(left[0].at, left[-1].at) if left else otherwise
    return Shown(left, window, None if like in hidden else like)


async def render(store: Store, folded: Folded[Candidate], hidden: Collection[UUID] = ()) -> bytes:
    """The representation as JSON, without the incidents that are hidden from the caller."""
    state = folded.state
    created_at, updated_at = folded.times
    await store.vault.load(store.pool, [state.reason])
    reason = None if state.reason is None else store.vault.open(folded.stream, state.reason)
    window = Window(*state.window)
    return _encode(
        CandidateView(
            id=folded.stream,
            version=folded.version,
            position=folded.position,
            created_at=created_at,
            updated_at=updated_at,
            status=state.status or "",
            rule=state.rule,
            rule_version=state.rule_version,
            raised_by=state.raised_by,
            alike=state.alike,
            **shown(state.matches, state.like, hidden, window).fields(),
            is_full=len(state.matches) >= MOST_MATCHES,
            problem=None if state.problem in hidden else state.problem,
            problem_number=None if state.problem in hidden else _number(state.number),
            reason=reason,
        )
    )


_TOLD = ("incident", "number", "title", "event", "at", "position")
_MATCHES = f"""select candidate, version, {", ".join(_TOLD)} from candidate_matches
    where candidate = any($1::uuid[])"""


async def matches_of(pool: asyncpg.Pool, rows: Sequence[asyncpg.Record]) -> dict[UUID, list[Match]]:
    """The evidence of these list rows, each as it was then."""
    versions = {row["id"]: row["version"] for row in rows}
    found: dict[UUID, list[Match]] = {id: [] for id in versions}
    for candidate, version, *told in await pool.fetch(_MATCHES, list(versions)):
        if version <= versions[candidate]:
            found[candidate].append(Match(**dict(zip(_TOLD, told, strict=True))))
    return found


def item(row: asyncpg.Record, matches: list[Match], hidden: Collection[UUID]) -> CandidateItem:
    """A list row as its item, without the incidents that are hidden from the caller."""
    columns = "id version created_at updated_at status rule rule_version raised_by alike".split()
    fields = {name: row[name] for name in columns}
    window = Window(row["window_from"], row["window_until"])
    return CandidateItem(
        **fields,
        position=row["from_position"],
        **shown(matches, row["pivot"], hidden, window).fields(),
        is_full=row["size"] >= MOST_MATCHES,
        problem=None if row["problem"] in hidden else row["problem"],
        problem_number=None if row["problem"] in hidden else _number(row["problem_number"]),
    )


def _number(number: int | None) -> str | None:
    return None if number is None else f"PRB-{number}"
