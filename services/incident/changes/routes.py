"""Changes that were made of late: listed for those who look for a cause."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import msgspec
from fastapi import Depends, Query, Response

from services.incident.rules import READERS
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Moment
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.openapi import answers
from shared.http.pages import Words, unquoted
from shared.listing import Listing, Sort

_LISTING = Listing(
    "changes",
    CHANGED
    | {
        "-at": Sort("t.made_at", "timestamptz", True),
        "at": Sort("t.made_at", "timestamptz", False),
    },
)
_CONDITIONS = WHEN | {
    "service": "t.service = any({}::text[])",
    "at_after": "t.made_at > {}::timestamptz",
    "at_before": "t.made_at < {}::timestamptz",
}

ByReader = Annotated[Asked, Depends(allowed(*READERS))]

router = routes("changes", "/v1/changes")


class ChangeItem(msgspec.Struct, kw_only=True):
    """A change: made `at` that time, on this service; `sender` is the kind of product that told."""

    id: UUID
    summary: str
    at: datetime
    service: str | None
    source: str | None
    sender: str
    integration: str | None
    links: list[Any]
    more: dict[str, Any]
    recorded_at: datetime
    version: int
    position: int


class ChangePage(msgspec.Struct):
    """A page of changes."""

    items: list[ChangeItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class ChangeQuery(TimedQuery):
    """Which changes; those around the start of an incident are at_after and at_before of it."""

    service: Words | None = None
    at_after: Moment | None = None
    at_before: Moment | None = None
    sort: Literal["-at", "at", "-created_at", "created_at"] = "-at"


@router.get("", **answers(ChangePage))
async def list_changes(query: Annotated[ChangeQuery, Query()], asked: ByReader) -> Response:
    """What was changed, the newest first: by service, around a moment, as of any moment."""
    meant = [unquoted(name) for name in query.service or ()] or None
    conditions = given(query.model_copy(update={"service": meant}), _CONDITIONS)
    page = await listed(asked, _LISTING, query, query.sort, conditions)
    items = [_item(row) for row in page.rows]
    content = ChangePage(items, page.next_cursor, page.total_estimate, page.position)
    return Response(msgspec.json.encode(content), media_type="application/json")


def _item(row: asyncpg.Record) -> ChangeItem:
    told = row["told"]
    return ChangeItem(
        id=row["id"],
        summary=row["summary"],
        at=row["made_at"],
        service=row["service"],
        source=row["source"],
        sender=row["sender"],
        integration=told.get("integration"),
        links=told.get("links", []),
        more=told.get("more", {}),
        recorded_at=row["created_at"],
        version=row["version"],
        position=row["from_position"],
    )
