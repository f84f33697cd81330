"""An incident's past over HTTP: its timeline for people, its events for machines."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Query, Response

from services.incident.facts import facts_stream
from services.incident.incidents import require_visible
from services.incident.routes import ByReader, Reference, incidents_of
from services.incident.timeline import Entry, entries
from shared.event_view import EventView, event_views
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.openapi import answers
from shared.http.pages import Cursor, ListQuery, filters_of, read_cursor, write_cursor
from shared.http.waiting import has_seen
from shared.ledger import happened_by
from shared.store.reader import Recorded

router = routes("incidents", "/v1/incidents")


class PastQuery(ListQuery):
    """Which part of the past, oldest first."""

    as_of: AsOf = None
    effective_at: EffectiveAt = None


class Timeline(msgspec.Struct):
    """A page of a timeline."""

    items: list[Entry]
    next_cursor: str | None
    total_estimate: int
    position: int


class Events(msgspec.Struct):
    """A page of events."""

    items: list[EventView]
    next_cursor: str | None
    total_estimate: int
    position: int


@router.get("/{id}/timeline", **answers(Timeline))
async def timeline(
    id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """What happened, told in sentences, each with the event that proves it."""
    page = await _page(id, query, asked)
    items = await entries(asked.service.store, page.events)
    return _answer(Timeline(items, page.next_cursor, page.total, page.position))


@router.get("/{id}/events", **answers(Events))
async def events(id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader) -> Response:
    """The events themselves, with their envelopes; personal texts are opened for the reader."""
    page = await _page(id, query, asked)
    items = await event_views(asked.service.store, page.events)
    return _answer(Events(items, page.next_cursor, page.total, page.position))


class _Page(msgspec.Struct):
    events: Sequence[Recorded]
    next_cursor: str | None
    total: int
    position: int


async def _page(reference: str, query: PastQuery, asked: Asked) -> _Page:
    await has_seen(asked.service, query.wait_for)
    incidents = incidents_of(asked)
    stream = await incidents.find(reference)
    require_visible(await incidents.current(stream), asked.caller)
    filters = filters_of(query)
    cursor = read_cursor(query.cursor, asked, filters)
    log = asked.service.store.log
    position = cursor.position if cursor else await position_of(query.as_of, log)
    if position is None:
        position = (await log.head()).position
    happened = await _happened(asked, stream, position, query)
    start = int(cursor.value) if cursor else 0
    following = None
    if len(happened) > start + query.limit:
        place = Cursor(position, str(start + query.limit), str(stream))
        following = write_cursor(place, asked, filters)
    return _Page(happened[start : start + query.limit], following, len(happened), position)


async def _happened(
    asked: Asked, stream: UUID, position: int, query: PastQuery
) -> Sequence[Recorded]:
    """The incident's own events and the machines' facts beside them, as one sequence."""
    log = asked.service.store.log
    found = [*await log.stream(stream), *await log.stream(facts_stream(stream))]
    known = sorted((e for e in found if e.position <= position), key=lambda e: e.position)
    moment = moment_of(query.effective_at)
    return known if moment is None else happened_by(known, moment)


def _answer(page: Any) -> Response:
    return Response(msgspec.json.encode(page), media_type="application/json")
