"""Saved views over HTTP: managed data; nothing is deleted, all of it has a past."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Body, Depends, Path, Query, Response

from services.incident.bodies import NoArguments
from services.incident.lists.conditions import conditions
from services.incident.rules import READERS
from services.incident.saved_views import saved_view
from services.incident.saved_views.bodies import SavedViewDocument
from services.incident.saved_views.rights import require_may_share, require_right
from services.incident.saved_views.saved_view import SavedView, SavedViewSet, reader_words
from services.incident.saved_views.saved_views import require_known, saved_views_of
from services.incident.saved_views.shown import (
    SavedViewPage,
    SavedViewView,
    actions,
    of_folded,
    of_row,
)
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.clock import new_id
from shared.errors import Invalid
from shared.event_view import event_views
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.moments import AsOf, position_of
from shared.http.openapi import answers
from shared.http.pages import Words
from shared.http.past import Events, PastQuery, paged, past_page
from shared.http.waiting import WaitFor, has_seen
from shared.listing import Listing, Sort
from shared.restrictions import sees_all

ViewId = Annotated[UUID, Path()]
Nothing = Annotated[NoArguments | None, Body()]
ByReader = Annotated[Asked, Depends(allowed(*READERS, Role.REPORTER))]
ByPerson = Annotated[Asked, Depends(allowed(*(set(Role) - {Role.AUDITOR, Role.SERVICE})))]

_NAMES = {
    "name": Sort("t.name", "text", descending=False),
    "-name": Sort("t.name", "text", descending=True),
}
_LISTING = Listing("saved_views", CHANGED | _NAMES)
_CONDITIONS = WHEN | {"owner": "t.owner = any({}::text[])", "retired": "t.retired = {}::boolean"}

router = routes("views", "/v1/incident/views")


class SavedViewQuery(TimedQuery):
    """Which views."""

    owner: Words | None = None
    retired: bool | None = None
    sort: Literal["name", "-name", "-created_at", "created_at", "-updated_at", "updated_at"] = (
        "name"
    )


@router.post("", **answers(SavedViewView, 201, "Saved"))
async def save_view(body: SavedViewDocument, asked: ByPerson) -> Response:
    """Save a view of one's own, private or shared.

    A team's members share with their team; with other teams, with roles or with everyone incident
    managers do.
    """
    said = _said(body, asked.caller, owner=asked.caller.id)
    views = saved_views_of(asked.service)
    await views.require_room(asked.caller.id)
    order = await asked.order(new_id(), creates=True)
    return _answer(await views.execute(order, saved_view.put, said=said), created=True)


@router.get("", **answers(SavedViewPage))
async def list_views(query: Annotated[SavedViewQuery, Query()], asked: ByReader) -> Response:
    """The views you may use, by name; at any past moment with as_of."""
    mine = [] if sees_all(asked.caller) else [("t.admits ?| {}", reader_words(asked.caller))]
    found = await listed(asked, _LISTING, query, query.sort, given(query, _CONDITIONS) + mine)
    items = [of_row(row) for row in found.rows]
    page = SavedViewPage(items, found.next_cursor, found.total_estimate, found.position)
    return Response(msgspec.json.encode(page, order="deterministic"), media_type="application/json")


@router.get("/{id}", **answers(SavedViewView))
async def read_view(
    id: ViewId, asked: ByReader, as_of: AsOf = None, wait_for: WaitFor = None
) -> Response:
    """One view, now or as it was."""
    await has_seen(asked.service, wait_for)
    views = saved_views_of(asked.service)
    found = await views.known(id, asked.caller)
    position = await position_of(as_of, asked.service.store.log)
    if position is not None:
        found = require_known(await views.past(id, position=position), asked.caller)
    return _answer(found, caller=None if as_of else asked.caller)


@router.put("/{id}", **answers(SavedViewView))
async def change_view(id: ViewId, body: SavedViewDocument, asked: ByPerson) -> Response:
    """Say the whole view anew; its owner stays."""
    views = saved_views_of(asked.service)
    held = await views.known(id, asked.caller)
    require_right(held.state, asked.caller)
    said = _said(body, asked.caller, owner=held.state.owner, before=held.state)
    return _answer(await views.execute(await asked.order(id), saved_view.put, said=said))


@router.post("/{id}/retire", **answers(SavedViewView))
async def retire_view(id: ViewId, asked: ByPerson, body: Nothing = None) -> Response:
    """Offer it no more; whoever watches it is told."""
    views = saved_views_of(asked.service)
    require_right((await views.known(id, asked.caller)).state, asked.caller)
    return _answer(await views.execute(await asked.order(id), saved_view.retire))


@router.get("/{id}/versions", **answers(Events))
async def list_view_versions(
    id: ViewId, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """Every version of a view, who saved it and when, oldest first."""
    await has_seen(asked.service, query.wait_for)
    await saved_views_of(asked.service).known(id, asked.caller)
    page = await past_page(asked, query, (id,))
    return paged(Events, await event_views(asked.service.store, page.events), page)


def _said(
    body: SavedViewDocument, caller: Caller, *, owner: str, before: SavedView | None = None
) -> SavedViewSet:
    """The view as its command takes it. Raises Forbidden, Invalid."""
    shared = body.shared_with
    said = SavedViewSet(
        name=body.name,
        owner=owner,
        everyone=shared.everyone,
        roles=tuple(sorted(set(shared.roles))),
        teams=tuple(sorted(set(shared.teams))),
        filters=body.filters.model_dump(mode="json", exclude_none=True),
        sort=body.sort,
        columns=tuple(body.columns),
    )
    _require_filters(body, caller)
    require_may_share(said, caller, before or SavedView())
    return said


def _require_filters(body: SavedViewDocument, caller: Caller) -> None:
    try:
        conditions(body.filters, caller)
    except Invalid as failure:
        at = [(f"/filters/{p.removeprefix('query:')}", detail) for p, detail in failure.errors]
        raise Invalid(*at) from None
    if body.sort == "relevance" and body.filters.q is None:
        raise Invalid(("/sort", "relevance needs the filter q"))


def _answer(
    folded: Folded[SavedView], *, created: bool = False, caller: Caller | None = None
) -> Response:
    view = of_folded(folded)
    if caller is not None:
        view.actions = actions(folded, caller)
    headers = {"etag": f'"{view.version}"', "tocsin-position": str(view.position)}
    if created:
        headers["location"] = f"/v1/incident/views/{view.id}"
    content = msgspec.json.encode(view, order="deterministic")
    return Response(content, 201 if created else 200, headers, "application/json")
