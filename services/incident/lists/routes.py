"""Lists of incidents over HTTP: filters, sorting, full text, any past position."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Response

from services.incident import view
from services.incident.access import items_on_record
from services.incident.discretion import items_shown
from services.incident.lists.conditions import conditions, number_in, search_of
from services.incident.lists.filters import IncidentQuery
from services.incident.lists.orders import SORTS, by_relevance
from services.incident.rules import READERS
from services.incident.view import Highlights, IncidentItem, IncidentPage
from services.incident.visibility import visible_to
from shared.auth.roles import Role
from shared.errors import Invalid
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.lists import listed
from shared.http.openapi import answers
from shared.listing import Listing, Sort

router = routes("incidents", "/v1/incidents")
ByReader = Annotated[Asked, Depends(allowed(*READERS, Role.REPORTER))]
LISTING = Listing("incidents", SORTS)
_TEXTS = "select id, title, description from incident_texts where id = any($1::uuid[])"


@router.get("", **answers(IncidentPage))
async def list_incidents(query: Annotated[IncidentQuery, Query()], asked: ByReader) -> Response:
    """Incidents, newest change first unless sorted otherwise; at any past moment with as_of.

    Values of one filter are alternatives, filters add up. `none` is "has no value", `me` the caller
    (as a group: any team of the caller's); a value in double quotes is taken as it stands.
    `without=status:on_hold,tag:vip` leaves out. With `q` each item says where it was hit.
    """
    found = await listed(
        asked,
        LISTING,
        query,
        _sort(query),
        conditions(query, asked.caller) + visible_to(asked.caller),
    )
    is_present = query.as_of is None and query.cursor is None
    await items_on_record(asked, found.rows, is_present=is_present)
    items = [view.item(row) for row in found.rows]
    await items_shown(asked, items)
    if query.q is not None:
        await _highlight(asked, query.q, items)
    content = view.page(
        items,
        next_cursor=found.next_cursor,
        total_estimate=found.total_estimate,
        position=found.position,
    )
    return Response(content, media_type="application/json")


def _sort(query: IncidentQuery) -> str | Sort:
    if query.sort != "relevance":
        return query.sort or "-updated_at"
    if query.q is None:
        raise Invalid(("query:sort", "relevance needs q: there is nothing to be relevant to"))
    return by_relevance(search_of(query.q), number_in(query.q))


async def _highlight(asked: Asked, q: str, items: Sequence[IncidentItem]) -> None:
    wanted = search_of(q)
    rows = await asked.service.store.pool.fetch(_TEXTS, [item.id for item in items])
    texts: dict[Any, Any] = {row["id"]: row for row in rows}
    for item in items:
        description = texts[item.id]["description"] if item.id in texts else None
        item.highlights = Highlights(
            wanted.marked(item.title), wanted.snippet(description) if description else None
        )
