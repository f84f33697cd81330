"""How many problems there are of each kind: the counts beside a list's filters."""

from typing import Annotated, Literal, get_args

import msgspec
from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from services.problem.answering import ByReader
from services.problem.lists.conditions import by_filter
from services.problem.lists.filters import FilteredQuery
from services.problem.lists.routes import without_hidden
from shared import facets
from shared.facets import Facet
from shared.http.app import routes
from shared.http.lists import position_asked
from shared.http.openapi import answers
from shared.http.pages import split
from shared.http.waiting import has_seen
from shared.restrictions import not_derived, visible_to

FieldName = Literal[
    "status", "priority", "impact", "urgency", "service", "item", "category", "subcategory",
    "group", "assigned_to", "owner", "workaround", "source", "tag",
]  # fmt: skip
_COLUMNS = {name: f"t.{name}" for name in get_args(FieldName)} | {"group": "t.assignment_group"}
_MANY = {"tag": "t.tags"}


class FacetQuery(FilteredQuery):
    """What to count, of which problems."""

    by: Annotated[
        list[FieldName], BeforeValidator(split), Field(min_length=1, max_length=50)
    ] = ["status", "priority", "service", "group", "owner", "category"]  # fmt: skip
    top: Annotated[
        int, Field(ge=1, le=200, description="How many values of a field, most frequent first")
    ] = 20
    wait_for: Annotated[
        str | None, Field(max_length=64, description="service:position to have been seen")
    ] = None


class ProblemFacets(msgspec.Struct):
    """The counts; `total` is what the list with these filters holds."""

    facets: list[Facet]
    total: int
    position: int


router = routes("problems", "/v1/problems")


@router.get("/facets", **answers(ProblemFacets))
async def count_problems(query: Annotated[FacetQuery, Query()], asked: ByReader) -> Response:
    """How many problems have each value of some fields, under the filters of the list.

    Each field is counted under all filters but its own, so that a choice does not hide its
    alternatives. The most frequent values come first; `other` is how many problems have one of the
    `other_values` beside them. Of tags a problem counts for each it has.
    """
    await has_seen(asked.service, query.wait_for)
    await without_hidden(query, asked)
    fields = list(dict.fromkeys(query.by))
    own = by_filter(query, asked.caller)
    counted = await facets.count(
        asked.service.store.pool,
        facets.Asked(
            table="problems",
            fields={name: _COLUMNS[name] for name in fields if name not in _MANY},
            many={name: _MANY[name] for name in fields if name in _MANY},
            conditions=[
                *(each for name, some in own.items() if name not in fields for each in some),
                *visible_to(asked.caller, not_derived("t.id")),
            ],
            own={name: own[name] for name in fields if name in own},
            top=query.top,
            position=await position_asked(asked, query),
        ),
    )
    return Response(msgspec.json.encode(ProblemFacets(*counted)), media_type="application/json")
