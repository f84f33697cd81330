"""How others read a service: the pull feed, and the live stream for browsers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Forbidden, Invalid, LogMismatch, Unauthenticated, Unavailable
from shared.feed import PAGE, Feed, Published, Told, types_of
from shared.http.access_log import record_access
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers
from shared.http.pages import Words
from shared.http.service import service_of
from shared.http.streams import Narrowed, ids_of, narrowed, place_for
from shared.restrictions import FOLLOWS
from shared.server import stopping

BATCH = "application/cloudevents-batch+json"
READERS = frozenset(Role) - {Role.REPORTER}
_LONGEST_WAIT = 30.0
_SETTLING = 0.1

After = Annotated[
    str | None,
    Query(alias="lastEventId", max_length=40, description="The last position you have seen"),
]
Wait = Annotated[float, Query(ge=0, le=_LONGEST_WAIT, description="Seconds to wait for news")]
KnownHash = Annotated[
    str, Query(alias="lastHash", pattern="^([0-9a-f]{64})?$", description="Its Tocsin-Hash")
]


Progress = Annotated[
    bool,
    Query(description="Wait no longer, though without news, once anything else has been written"),
]


class CloudEvent(msgspec.Struct, kw_only=True):
    """A CloudEvent 1.0 in JSON; `position` is its place in the log.

    `imported` ones are another system's past and happened at `happenedat`: react to them only where
    they are also `live`.
    """

    specversion: str
    id: UUID
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    position: int
    version: int
    actor: str
    correlationid: UUID
    data: Any
    restricted: bool | msgspec.UnsetType = msgspec.UNSET
    causationid: UUID | msgspec.UnsetType = msgspec.UNSET
    traceparent: str | msgspec.UnsetType = msgspec.UNSET
    imported: bool | msgspec.UnsetType = msgspec.UNSET
    happenedat: str | msgspec.UnsetType = msgspec.UNSET
    live: bool | msgspec.UnsetType = msgspec.UNSET


class Ticket(msgspec.Struct):
    """Lets one EventSource in, once, within a minute."""

    ticket: str


class Heard(NamedTuple):
    """What a stream of a service's own making tells, how far it has looked, and if it is over."""

    events: list[ServerSentEvent]
    scanned: int
    ended: bool = False


Live = Callable[[int], Awaitable[Heard]]
"""Tells what has happened behind a position."""
Lens = Callable[..., Awaitable[Live | None]]
"""A dependency: something else to tell than the published events, where the request asks for it."""


async def _all_events() -> Live | None:
    return None


class _Wanted(NamedTuple):
    after: int
    timeout: float
    known_hash: str
    limit: int
    progress: bool


def feed_routes(name: str, published: Published, lens: Lens = _all_events) -> APIRouter:
    """The feed, the stream and the stream's tickets of a service; `lens` may tell other things."""
    router = routes("feed", f"/v1/{name}")
    by_reader = Annotated[Asked, Depends(allowed(*READERS))]

    @router.get("/feed", **answers(CloudEvent, batch_of=BATCH))
    async def feed(
        asked: by_reader,
        *,
        after: After = None,
        timeout: Wait = 0,
        known_hash: KnownHash = "",
        limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
        progress: Progress = False,
    ) -> Response:
        """Published events behind a position, oldest first; waits for news if there are none.

        Follow it by asking again with `lastEventId` set to the answer's header `Tocsin-Scanned`
        (how far the log was read, published or not) and `lastHash` set to `Tocsin-Hash` (the hash
        of the event there). `Tocsin-Log` names the log. A log that ends before your cursor, or
        that holds another event there, is answered with 409: it is not the one you have followed.

        What is restricted is left out, `Tocsin-Restricted: withheld`. A token with the scope
        `tocsin:restricted` is shown all of it (`included`), each event flagged `restricted`:
        whoever holds it keeps it so.
        """
        wanted = _Wanted(_position(after) or 0, timeout, known_hash, limit, progress)
        return await _feed(asked, Feed(name, asked.service.store, published), wanted)

    @router.post("/stream-tickets", **answers(Ticket, 201, plain=True))
    async def ticket(asked: by_reader) -> Response:
        """A one-minute, single-use ticket for `?ticket=`: EventSource sends no Authorization."""
        issued = Ticket(asked.service.tickets.issue(asked.caller))
        return Response(msgspec.json.encode(issued), 201, media_type="application/json")

    known = frozenset(types_of(published).values())

    async def chosen(
        request: Request,
        caller: Annotated[Caller, Depends(_streaming)],
        subjects: Annotated[Words | None, Query(description="Only of these ids or numbers")] = None,
        types: Annotated[Words | None, Query(description="Only of these types")] = None,
    ) -> Narrowed:
        return narrowed(await ids_of(request, subjects or []), types or [], known)

    @router.get("/stream", response_class=EventSourceResponse)
    async def stream(
        request: Request,
        *,
        start: Annotated[int, Depends(_start)],
        caller: Annotated[Caller, Depends(_streaming)],
        wanted: Annotated[Narrowed, Depends(chosen)],
        live: Annotated[Live | None, Depends(lens)],
        place: Annotated[None, Depends(_place)],
    ) -> AsyncIterator[ServerSentEvent]:
        """Published events as they happen (server-sent events); Last-Event-ID resumes.

        Each event is told to who may know of its subject at that moment, as on the feed.
        """
        if live is not None:
            async for event in _live_events(request, live, start, caller):
                yield event
            return
        feed = Feed(name, service_of(request).store, published)
        async for event in _events(request, feed, start, caller, wanted):
            yield event

    return router


async def _feed(asked: Asked, feed: Feed, wanted: _Wanted) -> Response:
    after, timeout, known_hash, limit, progress = wanted
    store, stop = asked.service.store, stopping(asked.request.app)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    page = await feed.page(after, asked.caller, limit=limit, known_hash=known_hash)
    while not page.events and not stop.is_set():
        if progress and page.scanned > after:  # a moment more: what follows may be news
            deadline = min(deadline, loop.time() + _SETTLING)
        if (left := deadline - loop.time()) <= 0:
            break
        await store.pulse.beyond(page.scanned, min(left, 1.0))
        page = await feed.page(page.scanned, asked.caller, limit=limit)
    await record_access(asked.request, asked.caller, _restricted(page.events))
    headers = {
        "tocsin-restricted": "included" if FOLLOWS in asked.caller.scopes else "withheld",
        "tocsin-log": str(page.log),
        "tocsin-hash": page.hash,
        "tocsin-scanned": str(page.scanned),
    }
    content = b"[%b]" % b",".join(map(feed.cloud_event, page.events))
    return Response(content, headers=headers, media_type=BATCH)


def _restricted(told: Iterable[Told]) -> set[UUID]:
    return {each.recorded.originator_id for each in told if each.restricted}


async def _events(
    request: Request, feed: Feed, after: int, caller: Caller, wanted: Narrowed
) -> AsyncIterator[ServerSentEvent]:
    store, stop = service_of(request).store, stopping(request.app)
    yield ServerSentEvent(comment="connected", retry=1_000)
    while not stop.is_set() and await _may_go_on(request, caller):
        page = await feed.page(after, caller, limit=200)
        shown = list(filter(wanted.takes, page.events))
        try:
            await record_access(request, caller, _restricted(shown))
        except Unavailable:
            return  # nothing is shown that cannot be put on record; the reader comes again
        for told in shown:
            event = feed.cloud_event(told).decode()
            yield ServerSentEvent(raw_data=event, event=told.kind, id=str(told.recorded.position))
        after = page.scanned
        if not stop.is_set():
            await store.pulse.beyond(after, 1.0)


async def _live_events(
    request: Request, live: Live, after: int, caller: Caller
) -> AsyncIterator[ServerSentEvent]:
    store, stop = service_of(request).store, stopping(request.app)
    yield ServerSentEvent(comment="connected", retry=1_000)
    while not stop.is_set() and await _may_go_on(request, caller):
        heard = await live(after)
        for event in heard.events:
            yield event
        if heard.ended:
            return
        after = heard.scanned
        if not stop.is_set():
            await store.pulse.beyond(after, 1.0)


async def _streaming(
    request: Request, ticket: Annotated[str | None, Query(max_length=16_384)] = None
) -> Caller:
    service = service_of(request)
    if ticket is not None:
        caller = await service.tickets.redeem(ticket)
        if not await service.authenticator.still_admits(caller):
            raise Unauthenticated("the API key that asked for this ticket has ended")
    else:
        caller = await service.authenticator.authenticate(request.headers.get("authorization"))
    if not caller.has(*READERS):
        raise Forbidden("streams are for roles that read everything; a reporter reads lists")
    return caller


async def _may_go_on(request: Request, caller: Caller) -> bool:
    """A stream ends with the right to it: when a token expires, or a key is revoked."""
    authenticator = service_of(request).authenticator
    header = request.headers.get("authorization")
    if header is None:
        return await authenticator.still_admits(caller)
    try:
        return (await authenticator.authenticate(header)).has(*READERS)
    except Unauthenticated:
        return False


streaming = _streaming
"""A dependency: who opens a stream, by token, key or ticket."""
_streaming.roles = READERS  # type: ignore[attr-defined]  # for the document


async def _start(
    request: Request, caller: Annotated[Caller, Depends(_streaming)], after: After = None
) -> int:
    """Where a stream begins; what is wrong with it is told before it has begun."""
    told = _position(request.headers.get("last-event-id") or after)
    head = (await service_of(request).store.log.head()).position
    if told is not None and told > head:
        raise LogMismatch(f"this log ends at {head}, before your cursor at {told}")
    return head if told is None else told


async def _place(
    request: Request,
    start: Annotated[int, Depends(_start)],
    caller: Annotated[Caller, Depends(_streaming)],
) -> AsyncIterator[None]:
    """Taken last of all, when nothing else is wrong with the request, and kept until its end."""
    async with place_for(request, caller):
        yield


def _position(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(("query:lastEventId", "must be a position, such as 42"))
    return int(text)
