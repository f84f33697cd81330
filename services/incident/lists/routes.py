"""Lists of incidents over HTTP: filters, sorting, full text, any past position."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Query, Response

from services.incident import view
from services.incident.access import items_on_record
from services.incident.discretion import items_shown
from services.incident.lists.asking import ByReader, wanted
from services.incident.lists.filters import IncidentQuery
from services.incident.lists.orders import SORTS
from services.incident.view import Highlights, IncidentItem, IncidentPage
from services.incident.visibility import visible_to
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.conditions import search_of
from shared.http.lists import listed
from shared.http.openapi import answers
from shared.listing import Listing

router = routes("incidents", "/v1/incidents")
LISTING = Listing("incidents", SORTS)
_TEXTS = "select id, title, description from incident_texts where id = any($1::uuid[])"


@router.get("", **answers(IncidentPage))
async def list_incidents(query: Annotated[IncidentQuery, Query()], asked: ByReader) -> Response:
    """Incidents, newest change first unless sorted otherwise; at any past moment with as_of.

    Values of one filter are alternatives, filters add up. `none` is "has no value", `me` the caller
    (as a group: any team of the caller's); a value in double quotes is taken as it stands.
    `without=status:on_hold,tag:vip` leaves out. With `q` each item says where it was hit. `view`
    applies a saved view as it is now, in its order unless another is asked for.
    """
    asks = await wanted(asked, query)
    found = await listed(
        asked,
        LISTING,
        query,
        asks.order(query.sort),
        asks.conditions + visible_to(asked.caller),
        also=str(asks.view),
    )
    is_present = query.as_of is None and query.cursor is None
    await items_on_record(asked, found.rows, is_present=is_present)
    items = [view.item(row) for row in found.rows]
    await items_shown(asked, items)
    if asks.q is not None:
        await _highlight(asked, asks.q, items)
    content = view.page(
        items,
        next_cursor=found.next_cursor,
        total_estimate=found.total_estimate,
        position=found.position,
        view=asks.view or msgspec.UNSET,
    )
    return Response(content, media_type="application/json")


async def _highlight(asked: Asked, q: str, items: Sequence[IncidentItem]) -> None:
    wanted = search_of(q)
    rows = await asked.service.store.pool.fetch(_TEXTS, [item.id for item in items])
    texts: dict[Any, Any] = {row["id"]: row for row in rows}
    for item in items:
        description = texts[item.id]["description"] if item.id in texts else None
        item.highlights = Highlights(
            wanted.marked(item.title), wanted.snippet(description) if description else None
        )
