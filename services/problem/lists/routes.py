"""Lists of problems: filters, sorting, full text, any past position."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import BeforeValidator, Field

from services.problem import items
from services.problem.access import hidden_from, on_record
from services.problem.items import ProblemPage
from services.problem.rules import READERS, Status
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.lists import CHANGED, WHEN, Levels, TextQuery, given, listed
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.listing import Listing, Sort
from shared.restrictions import not_derived, visible_to

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
Ids = Annotated[list[UUID], BeforeValidator(split), Field(max_length=50)]

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
    "owner": "t.owner = any({}::text[])",
    "tag": "t.tags ?| {}::text[]",
    "incident": "t.incidents ?| ({}::uuid[])::text[]",
    "workaround": "t.workaround = any({}::text[])",
    "major": "t.major = {}::boolean",
    "known_error": (
        "exists (select 1 from known_errors beside where beside.problem = t.id and {then} "
        "and beside.status = any({}::text[]))"
    ),
    "imported": "t.imported = {}::boolean",
    "source": "t.source = any({}::text[])",
    "external_ref": "t.external_ref = any({}::text[])",
    "q": (
        "t.id in (select x.problem from problem_texts x "
        "where x.document @@ websearch_to_tsquery('simple', {}))"
    ),
}


class ProblemQuery(TextQuery):
    """Which problems; several values of one filter are alternatives, filters add up."""

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
    owner: Words | None = None
    tag: Words | None = None
    incident: Ids | None = None
    workaround: Words | None = None
    major: bool | None = None
    known_error: Words | None = None
    imported: Annotated[bool | None, Field(description="From another system's past")] = None
    source: Words | None = None
    external_ref: Words | None = None
    sort: SortName = "-updated_at"


router = routes("problems", "/v1/problems")
ByReader = Annotated[Asked, Depends(allowed(*READERS))]
_LISTING = Listing("problems", SORTS)


@router.get("", **answers(ProblemPage))
async def list_problems(query: Annotated[ProblemQuery, Query()], asked: ByReader) -> Response:
    """Problems, newest change first unless sorted otherwise; at any past moment with as_of."""
    if query.incident is not None:
        unknown = await hidden_from(asked, query.incident)
        query.incident = [id for id in query.incident if id not in unknown]
    conditions = given(query, _CONDITIONS) + visible_to(asked.caller, not_derived("t.id"))
    found = await listed(asked, _LISTING, query, query.sort, conditions)
    hidden = await on_record(asked, found.rows, "duplicate_of")
    content = items.page(
        (items.item(row, hidden) for row in found.rows),
        next_cursor=found.next_cursor,
        total_estimate=found.total_estimate,
        position=found.position,
    )
    return Response(content, media_type="application/json")
