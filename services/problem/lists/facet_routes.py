"""How many problems there are of each kind: the counts beside a list's filters."""

from typing import Annotated, Literal, get_args

import msgspec
from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from services.problem.answering import ByReader
from services.problem.lists.conditions import by_filter
from services.problem.lists.filters import FilteredQuery
from services.problem.lists.routes import without_hidden
from shared.http.app import routes
from shared.http.facets import Countable, FacetCounts, FacetsQuery, counted
from shared.http.openapi import answers
from shared.http.pages import split
from shared.http.waiting import has_seen
from shared.restrictions import not_derived, visible_to

FieldName = Literal[
    "status", "priority", "impact", "urgency", "service", "item", "category", "subcategory",
    "group", "assigned_to", "owner", "workaround", "source", "tag",
]  # fmt: skip
_MANY = {"tag": "t.tags"}
_PLAIN = {name: f"t.{name}" for name in get_args(FieldName) if name not in _MANY}
_COUNTABLE = Countable("problems", _PLAIN | {"group": "t.assignment_group"}, _MANY)


class FacetQuery(FilteredQuery, FacetsQuery):
    """What to count, of which problems."""

    by: Annotated[
        list[FieldName], BeforeValidator(split), Field(min_length=1, max_length=50)
    ] = ["status", "priority", "service", "group", "owner", "category"]  # fmt: skip


class ProblemFacets(FacetCounts):
    """The counts; `total` is what the list with these filters holds."""


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
    own, visible = by_filter(query, asked.caller), visible_to(asked.caller, not_derived("t.id"))
    found = await counted(asked, query, _COUNTABLE, own, visible)
    return Response(msgspec.json.encode(ProblemFacets(*found)), media_type="application/json")
