"""How a problem looks as an item of a list."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from shared.domain import Stated
from shared.search import Piece


class Milestones(msgspec.Struct, frozen=True):
    """When it happened in the world, as last known."""

    started: datetime | None
    root_cause: datetime | None
    resolved: datetime | None
    closed: datetime | None


class Highlights(msgspec.Struct, frozen=True):
    """Where a search hit: the whole title, and about the first hit in another text, in pieces."""

    title: list[Piece] | None
    text: list[Piece] | None


class ProblemItem(msgspec.Struct, kw_only=True):
    """A problem in a list; `workaround` is drafted, published or withdrawn.

    `known_error` is published, draft or retired; an accepted risk is looked at on `review_date`.
    `source` of an imported one is the source's own record: its `system`, and the counters, verdicts
    and references that it stated.
    """

    id: UUID
    number: str
    version: int
    position: int
    created_at: datetime
    updated_at: datetime
    title: str
    status: str
    service: str | None
    item: str | None
    category: str | None
    subcategory: str | None
    impact: int | None
    urgency: int | None
    priority: int | None
    major: bool
    group: str | None
    assigned_to: str | None
    owner: str | None
    tags: list[str]
    incidents: list[UUID]
    workaround: str | None
    target_date: date | None
    duplicate_of: UUID | None
    candidate: UUID | None
    open_tasks: int
    reanalysis_count: int
    reassignment_count: int
    fix_rejection_count: int
    known_error: str | None = None
    review_date: date | None
    imported: bool
    external_ref: str | None
    source: dict[str, Stated] | None
    milestones: Milestones
    highlights: Highlights | msgspec.UnsetType = msgspec.UNSET


Shown = TypeVar("Shown", bound=ProblemItem)


class ProblemPage(msgspec.Struct, kw_only=True):
    """A page of a list; `position` is the moment of the log it shows."""

    items: list[ProblemItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


def without(item: Shown, hidden: Collection[UUID]) -> Shown:
    """The item without links to what is hidden from the caller."""
    item.incidents = [id for id in item.incidents if id not in hidden]
    if item.duplicate_of in hidden:
        item.duplicate_of = None
    return item


def item(row: asyncpg.Record, hidden: Collection[UUID]) -> ProblemItem:
    """A list row as its item, without links to what is hidden from the caller."""
    fields: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    fields["incidents"] = [UUID(id) for id in row["incidents"]]
    shown = ProblemItem(
        **fields,
        position=row["from_position"],
        number=f"PRB-{row['number']}",
        group=row["assignment_group"],
        source=source(row["source"], row["stated"]),
        milestones=Milestones(
            row["started_at"], row["root_cause_at"], row["resolved_at"], row["closed_at"]
        ),
    )
    return without(shown, hidden)


def source(system: str | None, stated: dict[str, Stated] | None) -> dict[str, Stated] | None:
    """The source's own record of an imported one."""
    return None if stated is None else {"system": system, **stated}


def page(items: Iterable[ProblemItem], **more: Any) -> bytes:
    """A list's page as JSON."""
    return msgspec.json.encode(ProblemPage(items=list(items), **more))


SHARED = (
    "title status service item category subcategory impact urgency priority major assigned_to "
    "owner target_date reanalysis_count reassignment_count fix_rejection_count "
    "imported external_ref"
).split()
_COLUMNS = [
    "id", "version", "created_at", "updated_at", *SHARED, "tags", "incidents", "workaround",
    "duplicate_of", "candidate", "open_tasks", "review_date",
]  # fmt: skip
