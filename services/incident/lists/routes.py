"""Lists of incidents: filters, sorting, full text, any past position."""

from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import BeforeValidator

from services.incident import view
from services.incident.rules import READERS, Status
from services.incident.view import IncidentPage
from shared.auth.roles import Role
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.lists import CHANGED, WHEN, Levels, TextQuery, given, listed
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.listing import Listing, Sort

SORTS = CHANGED | {
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

_CONDITIONS = WHEN | {
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
    "imported": "t.imported = {}::boolean",
    "tag": "t.tags ?| {}::text[]",
    "q": (
        "t.id in (select x.id from incident_texts x "
        "where x.document @@ websearch_to_tsquery('simple', {}))"
    ),
}


class IncidentQuery(TextQuery):
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
    imported: bool | None = None
    tag: Words | None = None
    sort: SortName = "-updated_at"


router = routes("incidents", "/v1/incidents")
ByReader = Annotated[Asked, Depends(allowed(*READERS, Role.REPORTER))]
_LISTING = Listing("incidents", SORTS)


@router.get("", **answers(IncidentPage))
async def list_incidents(query: Annotated[IncidentQuery, Query()], asked: ByReader) -> Response:
    """Incidents, newest change first unless sorted otherwise; at any past moment with as_of."""
    conditions = given(query, _CONDITIONS)
    if not asked.caller.has(*READERS):
        conditions.append(("t.reporter = {}", asked.caller.id))
    found = await listed(asked, _LISTING, query, query.sort, conditions)
    content = view.page(
        map(view.item, found.rows),
        next_cursor=found.next_cursor,
        total_estimate=found.total_estimate,
        position=found.position,
    )
    return Response(content, media_type="application/json")
