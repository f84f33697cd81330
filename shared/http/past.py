"""The past of one thing over HTTP: pages of its events, oldest first."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from fastapi import Response

from shared.effective import happened_by
from shared.event_view import EventView
from shared.http.asked import Asked
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.pages import Cursor, ListQuery, filters_of, read_cursor, write_cursor
from shared.mentions import mentioned, without
from shared.restrictions import any_restricted, restricted_among
from shared.store.reader import Recorded
from shared.timeline import Entry


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


class PastPage(NamedTuple):
    """Some of the events, and where the next page begins."""

    events: Sequence[Recorded]
    next_cursor: str | None
    total: int
    position: int


StreamsAt = Callable[[int], Awaitable[Sequence[UUID]]]
"""The streams to read where that depends on the position that is shown."""


async def past_page(asked: Asked, query: PastQuery, wanted: Sequence[UUID] | StreamsAt) -> PastPage:
    """A page of what these streams hold together; the first of them names the walk."""
    filters = filters_of(query)
    cursor = read_cursor(query.cursor, asked, filters)
    log = asked.service.store.log
    position = cursor.position if cursor else await position_of(query.as_of, log)
    if position is None:
        position = (await log.head()).position
    streams = await wanted(position) if callable(wanted) else wanted
    happened = await _happened(asked, query, streams, position)
    start = int(cursor.value) if cursor else 0
    following = None
    if len(happened) > start + query.limit:
        place = Cursor(position, str(start + query.limit), str(streams[0]))
        following = write_cursor(place, asked, filters)
    return PastPage(happened[start : start + query.limit], following, len(happened), position)


async def _happened(
    asked: Asked, query: PastQuery, streams: Sequence[UUID], position: int
) -> Sequence[Recorded]:
    found = [e for stream in streams for e in await asked.service.store.log.stream(stream)]
    known = sorted((e for e in found if e.position <= position), key=lambda e: e.position)
    known = await known_to(asked, known)
    moment = moment_of(query.effective_at)
    return known if moment is None else happened_by(known, moment)


async def known_to(asked: Asked, known: list[Recorded]) -> list[Recorded]:
    """Without what names other things that are hidden from the caller; lists lose those names."""
    pool = asked.service.store.pool
    if not known or not await any_restricted(pool):
        return known
    named = set().union(*(mentioned(e.state) for e in known))
    hidden = (await restricted_among(pool, asked.caller, named)).hidden
    left = ((e, without(e.state, hidden)) for e in known)
    return [e._replace(state=state) for e, state in left if state is not None]


def paged(kind: Any, items: Sequence[Any], page: PastPage) -> Response:
    """A page's answer: these items of it, as `Timeline` or `Events`."""
    content = kind(items, page.next_cursor, page.total, page.position)
    return Response(msgspec.json.encode(content), media_type="application/json")
