"""The inbox: what somebody was told within this system, and whether they have read it."""

from typing import Annotated, Any

from fastapi import Query, Response

from services.notification import notification, view
from services.notification.access import about_visible, notifications_of, on_record, person_of, seen
from services.notification.answer import ByAnybody, Id, Nothing
from services.notification.lists import SortName
from services.notification.view import NotificationPage, NotificationView, notification_view
from shared.errors import NotFound
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.managed import command_answer, list_answer
from shared.http.openapi import answers
from shared.listing import Listing

_INBOX = Listing("notifications", CHANGED)
_MINE = WHEN | {"unread": "(t.read_at is null) = {}::boolean"}

router = routes("inbox", "/v1/inbox")


class InboxQuery(TimedQuery):
    """Which of one's own messages."""

    unread: bool | None = None
    sort: SortName = "-created_at"


@router.get("", **answers(NotificationPage))
async def list_inbox(query: Annotated[InboxQuery, Query()], asked: ByAnybody) -> Response:
    """The caller's own messages, newest first."""
    conditions: list[tuple[str, Any]] = [*given(query, _MINE), *about_visible(asked)]
    conditions += [("t.channel = {}", "inbox"), ("t.person = {}", asked.caller.id)]
    conditions += [("t.status = {}", "delivered")]
    found = await listed(asked, _INBOX, query, query.sort, conditions)
    await on_record(asked, found.rows)
    return list_answer(found, await view.notification_items(asked.service.store, found.rows))


@router.post("/{id}/read", **answers(NotificationView))
async def read_message(id: Id, asked: ByAnybody, body: Nothing = None) -> Response:
    """Mark one of one's own messages as read."""
    return await _marked(id, asked, unread=False)


@router.post("/{id}/unread", **answers(NotificationView))
async def unread_message(id: Id, asked: ByAnybody, body: Nothing = None) -> Response:
    """Mark one of one's own messages as unread again."""
    return await _marked(id, asked, unread=True)


async def _marked(id: Id, asked: Asked, *, unread: bool) -> Response:
    held = await seen(asked, id)
    delivery = held.state.delivery
    if delivery is None or delivery.channel != "inbox" or person_of(held) != asked.caller.id:
        raise NotFound("there is no such message in your inbox")
    order = await asked.order(id)
    after = await notifications_of(asked).execute(
        order, notification.mark, at=asked.now, unread=unread
    )
    return command_answer(await notification_view(asked.service.store, after), after)
