"""How many incidents there are of each kind: the counts beside a list's filters."""

from typing import Annotated, Literal, get_args

import msgspec
from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from services.incident.lists.asking import ByReader, wanted
from services.incident.lists.filters import FilteredQuery
from services.incident.visibility import visible_to
from shared.http.app import routes
from shared.http.facets import Countable, FacetCounts, FacetsQuery, counted
from shared.http.openapi import answers
from shared.http.pages import split
from shared.http.waiting import has_seen

FieldName = Literal[
    "status", "priority", "impact", "urgency", "service", "item", "category", "subcategory",
    "group", "assigned_to", "reporter", "source", "hold_reason", "resolution_code", "known_error",
    "major", "tag",
]  # fmt: skip
_MANY = {"tag": "t.tags"}
_PLAIN = {name: f"t.{name}" for name in get_args(FieldName) if name not in _MANY}
_COUNTABLE = Countable(
    "incidents",
    _PLAIN | {"group": "t.assignment_group", "major": "coalesce(t.major, 'none')"},
    _MANY,
)


class FacetQuery(FilteredQuery, FacetsQuery):
    """What to count, of which incidents."""

    by: Annotated[
        list[FieldName], BeforeValidator(split), Field(min_length=1, max_length=50)
    ] = ["status", "priority", "service", "group", "assigned_to", "category"]  # fmt: skip


class IncidentFacets(FacetCounts):
    """The counts; `total` is what the list with these filters holds."""


router = routes("incidents", "/v1/incidents")


@router.get("/facets", **answers(IncidentFacets))
async def count_incidents(query: Annotated[FacetQuery, Query()], asked: ByReader) -> Response:
    """How many incidents have each value of some fields, under the filters of the list.

    Each field is counted under all filters but its own, so that choosing `status=new` still shows
    how many are on hold. The most frequent values come first; `other` is how many incidents have
    one of the `other_values` beside them. Of tags an incident counts for each it has.
    """
    await has_seen(asked.service, query.wait_for)
    asks = await wanted(asked, query)
    always = [*asks.of_view, *visible_to(asked.caller)]
    found = await counted(asked, query, _COUNTABLE, asks.own, always)
    return Response(msgspec.json.encode(IncidentFacets(*found)), media_type="application/json")
