"""Lists of problems over HTTP: filters, sorting, full text, any past position."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.problem import items
from services.problem.access import known_among, on_record
from services.problem.answering import ByReader
from services.problem.items import Highlights, ProblemItem, ProblemPage
from services.problem.known import furthest
from services.problem.lists.conditions import PROBLEMS, by_filter
from services.problem.lists.filters import FilteredQuery, ProblemQuery
from services.problem.lists.orders import RANK, SORTS
from shared.errors import Invalid
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.conditions import search_of
from shared.http.lists import listed
from shared.http.openapi import answers
from shared.http.orders import by_relevance
from shared.listing import Listing, Sort
from shared.restrictions import not_derived, visible_to

router = routes("problems", "/v1/problems")
LISTING = Listing("problems", SORTS)
_TEXTS = """select problem, array_agg(text order by id) as texts from problem_texts
    where problem = any($1::uuid[]) group by problem"""


@router.get("", **answers(ProblemPage))
async def list_problems(query: Annotated[ProblemQuery, Query()], asked: ByReader) -> Response:
    """Problems, newest change first unless sorted otherwise; at any past moment with as_of.

    Values of one filter are alternatives, filters add up. `none` is "has no value", `me` the caller
    (as a group: any team of the caller's); a value in double quotes is taken as it stands.
    `without=status:new,tag:vip` leaves out. With `q`, which searches titles, descriptions, root
    causes, workarounds, fixes and lessons, each item says where it was hit.
    """
    await without_hidden(query, asked)
    conditions = [each for found in by_filter(query, asked.caller).values() for each in found]
    visible = visible_to(asked.caller, not_derived("t.id"))
    found = await listed(asked, LISTING, query, _order(query), conditions + visible)
    named = {UUID(id) for row in found.rows for id in row["incidents"]}
    named |= {row["duplicate_of"] for row in found.rows}
    hidden = await on_record(asked, [row["id"] for row in found.rows], named)
    shown = [items.item(row, hidden) for row in found.rows]
    is_past = query.as_of is not None or query.cursor is not None
    await _add_known_errors(asked, shown, found.position if is_past else None)
    if query.q is not None:
        await _highlight(asked, query.q, shown)
    content = items.page(
        shown,
        next_cursor=found.next_cursor,
        total_estimate=found.total_estimate,
        position=found.position,
    )
    return Response(content, media_type="application/json")


async def without_hidden(query: FilteredQuery, asked: Asked) -> None:
    """By an incident that is hidden from the caller nothing is found."""
    if query.incident is not None:
        query.incident = await known_among(asked, "incident", query.incident)


def _order(query: ProblemQuery) -> str | Sort:
    if query.sort != "relevance":
        return query.sort or "-updated_at"
    if query.q is None:
        raise Invalid(("query:sort", "relevance needs q: there is nothing to be relevant to"))
    return by_relevance(RANK, search_of(query.q), PROBLEMS.number(query.q))


async def _add_known_errors(
    asked: Asked, shown: Sequence[ProblemItem], position: int | None
) -> None:
    ids = [item.id for item in shown]
    known = await furthest(asked.service.store.pool, ids, position) if ids else {}
    for item in shown:
        item.known_error = known.get(item.id)


async def _highlight(asked: Asked, q: str, shown: Sequence[ProblemItem]) -> None:
    wanted = search_of(q)
    rows = await asked.service.store.pool.fetch(_TEXTS, [item.id for item in shown])
    texts = {row["problem"]: row["texts"] for row in rows}
    for item in shown:
        snippets = (wanted.snippet(text) for text in texts.get(item.id, ()))
        found = next((each for each in snippets if each is not None), None)
        item.highlights = Highlights(wanted.marked(item.title), found)
