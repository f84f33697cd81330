"""How many incidents there are of each kind: the counts beside a list's filters."""

from typing import Annotated, Literal, get_args

import msgspec
from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from services.incident.lists.asking import ByReader, wanted
from services.incident.lists.filters import FilteredQuery
from services.incident.visibility import visible_to
from shared import facets
from shared.facets import Facet
from shared.http.app import routes
from shared.http.lists import position_asked
from shared.http.openapi import answers
from shared.http.pages import split
from shared.http.waiting import has_seen

FieldName = Literal[
    "status", "priority", "impact", "urgency", "service", "item", "category", "subcategory",
    "group", "assigned_to", "reporter", "source", "hold_reason", "resolution_code", "known_error",
    "major", "tag",
]  # fmt: skip
_COLUMNS = {name: f"t.{name}" for name in get_args(FieldName)} | {
    "group": "t.assignment_group",
    "major": "coalesce(t.major, 'none')",
}
_MANY = {"tag": "t.tags"}


class FacetQuery(FilteredQuery):
    """What to count, of which incidents."""

    by: Annotated[
        list[FieldName], BeforeValidator(split), Field(min_length=1, max_length=50)
    ] = ["status", "priority", "service", "group", "assigned_to", "category"]  # fmt: skip
    top: Annotated[
        int, Field(ge=1, le=200, description="How many values of a field, most frequent first")
    ] = 20
    wait_for: Annotated[
        str | None, Field(max_length=64, description="service:position to have been seen")
    ] = None


class IncidentFacets(msgspec.Struct):
    """The counts; `total` is what the list with these filters holds."""

    facets: list[Facet]
    total: int
    position: int


router = routes("incidents", "/v1/incidents")


@router.get("/facets", **answers(IncidentFacets))
async def count_incidents(query: Annotated[FacetQuery, Query()], asked: ByReader) -> Response:
    """How many incidents have each value of some fields, under the filters of the list.

    Each field is counted under all filters but its own, so that choosing `status=new` still shows
    how many are on hold. The most frequent values come first; `other` is how many incidents have
    one of the `other_values` beside them. Of tags an incident counts for each it has.
    """
    await has_seen(asked.service, query.wait_for)
    fields = list(dict.fromkeys(query.by))
    asks = await wanted(asked, query)
    counted = await facets.count(
        asked.service.store.pool,
        facets.Asked(
            table="incidents",
            fields={name: _COLUMNS[name] for name in fields if name not in _MANY},
            many={name: _MANY[name] for name in fields if name in _MANY},
            conditions=[
                *(each for name, own in asks.own.items() if name not in fields for each in own),
                *asks.of_view,
                *visible_to(asked.caller),
            ],
            own={name: asks.own[name] for name in fields if name in asks.own},
            top=query.top,
            position=await position_asked(asked, query),
        ),
    )
    return Response(msgspec.json.encode(IncidentFacets(*counted)), media_type="application/json")
