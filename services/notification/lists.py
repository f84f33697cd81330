"""Lists of notifications, dead letters, contacts and subscriptions, now or at any past moment."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from services.notification import view
from services.notification.access import about_visible, on_record
from services.notification.answer import ByAnybody, ByReader
from services.notification.events import Channel
from services.notification.rules import READERS, Status
from services.notification.view import ContactPage, NotificationPage, SubscriptionPage
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.managed import list_answer
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.listing import Listing

SortName = Literal["-created_at", "created_at", "-updated_at", "updated_at"]
Ids = Annotated[list[UUID], BeforeValidator(split), Field(max_length=50)]
Channels = Annotated[list[Channel], BeforeValidator(split)]

_CONTACTS = Listing("contacts", CHANGED)
_CONTACT = WHEN | {
    "person": "t.person = any({}::text[])",
    "retired": "t.retired = {}::boolean",
}
_SUBSCRIPTIONS = Listing("subscriptions", CHANGED)
_SUBSCRIPTION = WHEN | {
    "contact": "t.contact = any({}::uuid[])",
    "channel": "t.channel = any({}::text[])",
    "fact": "t.facts ?| {}::text[]",
    "retired": "t.retired = {}::boolean",
}
_NOTIFICATIONS = Listing("notifications", CHANGED)
_DEAD_LETTER = WHEN | {
    "fact": "t.fact = any({}::text[])",
    "about": "t.about = any({}::uuid[])",
    "number": "t.number = any({}::text[])",
    "cause": "t.cause = any({}::uuid[])",
    "contact": "t.contact = any({}::uuid[])",
    "person": "t.person = any({}::text[])",
    "channel": "t.channel = any({}::text[])",
}
_STATUS = {"status": "t.status = any({}::text[])"}


class ContactQuery(TimedQuery):
    """Which contacts; several values of one filter are alternatives, filters add up."""

    person: Words | None = None
    retired: bool | None = None
    sort: SortName = "-created_at"


class SubscriptionQuery(TimedQuery):
    """Which subscriptions; several values of one filter are alternatives, filters add up."""

    contact: Ids | None = None
    channel: Channels | None = None
    fact: Words | None = None
    retired: bool | None = None
    sort: SortName = "-created_at"


class DeadLetterQuery(TimedQuery):
    """Which dead letters; several values of one filter are alternatives, filters add up."""

    fact: Words | None = None
    about: Ids | None = None
    number: Words | None = None
    cause: Ids | None = None
    contact: Ids | None = None
    person: Words | None = None
    channel: Channels | None = None
    sort: SortName = "-created_at"


class NotificationQuery(DeadLetterQuery):
    """Which notifications; several values of one filter are alternatives, filters add up."""

    status: Annotated[list[Status], BeforeValidator(split)] | None = None


router = routes("notifications", "/v1")


@router.get("/contacts", **answers(ContactPage))
async def list_contacts(query: Annotated[ContactQuery, Query()], asked: ByAnybody) -> Response:
    """Contacts, newest first; a reporter sees their own."""
    conditions = given(query, _CONTACT) + _own(asked)
    found = await listed(asked, _CONTACTS, query, query.sort, conditions)
    return list_answer(found, await view.contact_items(asked.service.store, found.rows))


@router.get("/subscriptions", **answers(SubscriptionPage))
async def list_subscriptions(
    query: Annotated[SubscriptionQuery, Query()], asked: ByReader
) -> Response:
    """Subscriptions, newest first."""
    conditions = given(query, _SUBSCRIPTION)
    found = await listed(asked, _SUBSCRIPTIONS, query, query.sort, conditions)
    return list_answer(found, list(map(view.subscription_item, found.rows)))


@router.get("/notifications", **answers(NotificationPage))
async def list_notifications(
    query: Annotated[NotificationQuery, Query()], asked: ByAnybody
) -> Response:
    """Notifications, newest first; a reporter sees those to themselves."""
    conditions = given(query, _DEAD_LETTER | _STATUS) + _own(asked) + about_visible(asked)
    found = await listed(asked, _NOTIFICATIONS, query, query.sort, conditions)
    await on_record(asked, found.rows)
    return list_answer(found, await view.notification_items(asked.service.store, found.rows))


@router.get("/dead-letters", **answers(NotificationPage))
async def list_dead_letters(
    query: Annotated[DeadLetterQuery, Query()], asked: ByReader
) -> Response:
    """Notifications that could not be delivered and wait to be redriven."""
    conditions = [*given(query, _DEAD_LETTER), (_STATUS["status"], [Status.EXHAUSTED])]
    conditions += about_visible(asked)
    found = await listed(asked, _NOTIFICATIONS, query, query.sort, conditions)
    await on_record(asked, found.rows)
    return list_answer(found, await view.notification_items(asked.service.store, found.rows))


def _own(asked: Asked) -> list[tuple[str, Any]]:
    return [] if asked.caller.has(*READERS) else [("t.person = {}", asked.caller.id)]
