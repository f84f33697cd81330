"""Why somebody was told, or was not, over HTTP; and the policy for throttling."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query, Response
from pydantic import Field

from services.notification.answer import ByAnybody, require_visible
from services.notification.contacts import Contacts
from services.notification.decisions import why
from services.notification.decisions.decision import Decision, Decisions, decision_stream
from services.notification.decisions.throttling import THROTTLING, ThrottlingDocument
from services.notification.decisions.why import WhyView
from services.notification.escalation.why import paged_because
from services.notification.notifications import Notifications
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.errors import NotFound
from shared.http.access_log import record_access
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.managed import Moments, folded_at
from shared.http.openapi import answers
from shared.http.policies import policy_routes
from shared.http.waiting import has_seen
from shared.restrictions import restricted_among

DECISIONS = "decisions"
"""Among the service's parts, its `Decisions`."""

router = routes("notifications", "/v1/notifications")
throttling_router = policy_routes(
    "notification", THROTTLING, ThrottlingDocument(), managers=Role.NOTIFICATION_ADMIN
)


class WhyQuery(Moments):
    """Which event, and whom."""

    event: Annotated[UUID, Field(description="The event that was, or was not, told of")]
    contact: UUID


@router.get("/why", **answers(WhyView))
async def read_why(query: Annotated[WhyQuery, Query()], asked: ByAnybody) -> Response:
    """Why a contact was told of an event, or was not: each reason, and what has come of it.

    Everybody may ask about their own contacts.
    """
    await has_seen(asked.service, query.wait_for)
    contacts: Contacts = asked.service.parts["contacts"]
    person = (await contacts.current(query.contact)).state.person
    require_visible(asked, person, "contact")
    decided = await _decided(asked, query)
    planned = await _planned(asked, query)
    paged, about = await paged_because(asked, query.event, person, query)
    if decided is None and not planned and about is None:
        raise NotFound("nobody has told this service of such an event; it may come yet")
    view = why.answer(
        decided,
        (query.contact, person),
        query.event,
        planned,
        await _subscriptions(asked, query, decided),
    )
    if paged:
        view.reasons = [*paged, *(r for r in view.reasons if r.reason != why.NOT_CONCERNED)]
    view.about = view.about or about
    await _require_seen(asked, view)
    return Response(msgspec.json.encode(view), media_type="application/json")


async def _decided(asked: Asked, query: WhyQuery) -> Folded[Decision] | None:
    decisions: Decisions = asked.service.parts[DECISIONS]
    try:
        return await folded_at(asked, decisions, decision_stream(query.event), query)
    except NotFound:
        return None


async def _planned(asked: Asked, query: WhyQuery) -> list[Folded[Notification]]:
    notifications: Notifications = asked.service.parts["notifications"]
    pool = asked.service.store.pool
    found = []
    for id in await why.notifications_of(pool, query.event, query.contact):
        try:
            found.append(await folded_at(asked, notifications, id, query))
        except NotFound:
            continue
    return found


async def _subscriptions(
    asked: Asked, query: WhyQuery, decided: Folded[Decision] | None
) -> why.Subscribed:
    if decided is None:
        return []
    pool = asked.service.store.pool
    return await why.subscriptions_at(pool, query.contact, decided.position)


async def _require_seen(asked: Asked, view: WhyView) -> None:
    """What is restricted is not even told to exist. Raises NotFound."""
    about = [view.about] if view.about else []
    restricted, hidden = await restricted_among(asked.service.store.pool, asked.caller, about)
    if hidden:
        raise NotFound("nobody has told this service of such an event; it may come yet")
    await record_access(asked.request, asked.caller, restricted)
