"""The inbox as it fills: server-sent events of one's own messages."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.notification import view
from services.notification.view import NotificationItem
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Forbidden, Invalid, LogMismatch, Unauthenticated
from shared.http.access_log import record_access
from shared.http.app import routes
from shared.http.asked import for_roles
from shared.http.feed import After
from shared.http.service import service_of
from shared.http.streams import place_for
from shared.restrictions import restricted_among
from shared.server import stopping

_CHANGED = """select * from notifications where to_position is null and channel = 'inbox'
    and status = 'delivered' and person = $1 and from_position > $2 and from_position <= $3
    order by from_position limit $4"""
_AT_ONCE = 200
_encode = msgspec.json.Encoder().encode

router = routes("inbox", "/v1/inbox")


async def _authenticated(
    request: Request, ticket: Annotated[str | None, Query(max_length=16_384)] = None
) -> Caller:
    service = service_of(request)
    if ticket is None:
        own = await service.authenticator.authenticate(request.headers.get("authorization"))
        if not own.has(*Role):
            raise Forbidden("this needs a role; you have none")
        return own
    caller = await service.tickets.redeem(ticket)
    if not await service.authenticator.still_admits(caller):
        raise Unauthenticated("the API key that asked for this ticket has ended")
    return caller


_listening = for_roles(_authenticated, *Role)


async def _start(
    request: Request, caller: Annotated[Caller, Depends(_listening)], after: After = None
) -> int:
    """Where it begins; what is wrong with it is told before it has begun."""
    text = request.headers.get("last-event-id") or after
    head = (await service_of(request).store.log.head()).position
    if not text:
        return head
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(("query:lastEventId", "must be a position, such as 42"))
    if int(text) > head:
        raise LogMismatch(f"this log ends at {head}, before your cursor at {text}")
    return int(text)


async def _place(
    request: Request,
    start: Annotated[int, Depends(_start)],
    caller: Annotated[Caller, Depends(_listening)],
) -> AsyncIterator[None]:
    async with place_for(request, caller):
        yield


@router.get("/stream", response_class=EventSourceResponse)
async def stream_inbox(
    request: Request,
    *,
    start: Annotated[int, Depends(_start)],
    caller: Annotated[Caller, Depends(_listening)],
    place: Annotated[None, Depends(_place)],
) -> AsyncIterator[ServerSentEvent]:
    """The caller's own messages as they come and are read; Last-Event-ID resumes.

    Each event is the message as it then stands. A browser's EventSource takes a ticket of
    `POST /v1/notification/stream-tickets` as `?ticket=`.
    """
    service, stop, after = service_of(request), stopping(request.app), start
    yield ServerSentEvent(comment="connected", retry=1_000)
    while not stop.is_set() and await _may_go_on(request, caller):
        head = (await service.store.log.head()).position
        items, after = await _changed(request, caller, after, head)
        for item in items:
            data = _encode(item).decode()
            yield ServerSentEvent(raw_data=data, event="message", id=str(item.position))
        if not stop.is_set():
            await service.store.pulse.beyond(after, 1.0)


async def _changed(
    request: Request, caller: Caller, after: int, head: int
) -> tuple[list[NotificationItem], int]:
    """What has come or changed behind a position and may be known of, and up to where that is."""
    if head == after:
        return [], head
    store = service_of(request).store
    rows = await store.pool.fetch(_CHANGED, caller.id, after, head, _AT_ONCE)
    about: set[UUID] = {row["about"] for row in rows}
    restricted, hidden = await restricted_among(store.pool, caller, about)
    await record_access(request, caller, restricted - hidden)
    shown = [row for row in rows if row["about"] not in hidden]
    reached = rows[-1]["from_position"] if len(rows) == _AT_ONCE else head
    return await view.notification_items(store, shown), reached


async def _may_go_on(request: Request, caller: Caller) -> bool:
    """It ends with the right to it: when a token expires, or a key is revoked."""
    authenticator = service_of(request).authenticator
    header = request.headers.get("authorization")
    if header is None:
        return await authenticator.still_admits(caller)
    try:
        await authenticator.authenticate(header)
    except Unauthenticated:
        return False
    return True
