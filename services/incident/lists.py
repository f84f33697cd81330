"""Lists of incidents: filters, sorting, full text, any past position."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import BeforeValidator, Field

from services.incident import view
from services.incident.rules import READERS, Status
from services.incident.view import IncidentPage
from shared.auth.roles import Role
from shared.errors import Invalid
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Moment
from shared.http.moments import position_of
from shared.http.openapi import answers
from shared.http.pages import Cursor, ListQuery, Words, filters_of, read_cursor, split, write_cursor
from shared.http.waiting import has_seen
from shared.listing import Listing, Slice, Sort

SORTS = {
    "-updated_at": Sort("t.updated_at", "timestamptz", True),
    "updated_at": Sort("t.updated_at", "timestamptz", False),
    "-created_at": Sort("t.created_at", "timestamptz", True),
    "created_at": Sort("t.created_at", "timestamptz", False),
    "-number": Sort("t.number", "bigint", True),
    "number": Sort("t.number", "bigint", False),
    "priority": Sort("coalesce(t.priority, 99)", "integer", False),
    "-priority": Sort("coalesce(t.priority, 99)", "integer", True),
}
SortName = Literal[
    "-updated_at",
    "updated_at",
    "-created_at",
    "created_at",
    "-number",
    "number",
    "priority",
    "-priority",
]
Levels = Annotated[list[Annotated[int, Field(ge=1, le=9)]], BeforeValidator(split)]

_CONDITIONS = {
    "status": "t.status = any({}::text[])",
    "priority": "t.priority = any({}::smallint[])",
    "impact": "t.impact = any({}::smallint[])",
    "urgency": "t.urgency = any({}::smallint[])",
    "service": "t.service = any({}::text[])",
    "item": "t.item = any({}::text[])",
    "category": "t.category = any({}::text[])",
    "subcategory": "t.subcategory = any({}::text[])",
    "group": "t.assignment_group = any({}::text[])",
    "assigned_to": "t.assigned_to = any({}::text[])",
    "reporter": "t.reporter = any({}::text[])",
    "source": "t.source = any({}::text[])",
    "external_ref": "t.external_ref = any({}::text[])",
    "tag": "t.tags ?| {}::text[]",
    "created_after": "t.created_at > {}::timestamptz",
    "created_before": "t.created_at < {}::timestamptz",
    "updated_after": "t.updated_at > {}::timestamptz",
    "updated_before": "t.updated_at < {}::timestamptz",
    "q": (
        "t.id in (select x.id from incident_texts x "
        "where x.document @@ websearch_to_tsquery('simple', {}))"
    ),
}


class IncidentQuery(ListQuery):
    """Which incidents; several values of one filter are alternatives, filters add up."""

    status: Annotated[list[Status], BeforeValidator(split)] | None = None
    priority: Levels | None = None
    impact: Levels | None = None
    urgency: Levels | None = None
    service: Words | None = None
    item: Words | None = None
    category: Words | None = None
    subcategory: Words | None = None
    group: Words | None = None
    assigned_to: Words | None = None
    reporter: Words | None = None
    source: Words | None = None
    external_ref: Words | None = None
    tag: Words | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    updated_after: Moment | None = None
    updated_before: Moment | None = None
    q: Annotated[str | None, Field(min_length=1, max_length=200, description="Full text")] = None
    sort: SortName = "-updated_at"
    as_of: Annotated[str | None, Field(max_length=64, description="A time or a position")] = None


router = routes("incidents", "/v1/incidents")
ByReader = Annotated[Asked, Depends(allowed(*READERS, Role.REPORTER))]
_LISTING = Listing("incidents", SORTS)


@router.get("", **answers(IncidentPage))
async def list_incidents(query: Annotated[IncidentQuery, Query()], asked: ByReader) -> Response:
    """Incidents, newest change first unless sorted otherwise; at any past moment with as_of."""
    await has_seen(asked.service, query.wait_for)
    filters = filters_of(query)
    cursor = read_cursor(query.cursor, asked, filters)
    found = await _LISTING.page(
        asked.service.store.pool,
        Slice(
            conditions=_conditions(query, asked),
            sort=query.sort,
            limit=query.limit,
            position=cursor.position if cursor else await _position(query, asked),
            after=cursor.place if cursor else None,
        ),
    )
    following = None
    if found.next is not None:
        place = Cursor(found.position, _text(found.next.value), found.next.id)
        following = write_cursor(place, asked, filters)
    content = view.page(
        map(view.item, found.rows),
        next_cursor=following,
        total_estimate=found.total,
        position=found.position,
    )
    return Response(content, media_type="application/json")


async def _position(query: IncidentQuery, asked: Asked) -> int | None:
    if query.as_of is not None and query.q is not None:
        raise Invalid(
            ("query:as_of", "cannot be combined with q: texts are searched as they are now")
        )
    return await position_of(query.as_of, asked.service.store.log)


def _conditions(query: IncidentQuery, asked: Asked) -> list[tuple[str, Any]]:
    given = {name: getattr(query, name) for name in _CONDITIONS}
    conditions = [(_CONDITIONS[name], value) for name, value in given.items() if value is not None]
    if not asked.caller.has(*READERS):
        conditions.append(("t.reporter = {}", asked.caller.id))
    return conditions


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
