"""The way to a notification for every request: known to its caller, its reading on record.

A notification is kept to those who may know of the incident or problem it is about.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.notification.answer import require_visible
from services.notification.notifications import Notifications
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.http.access_log import record_access
from shared.http.asked import Asked
from shared.restrictions import (
    any_restricted,
    not_derived,
    not_shut,
    restricted_among,
    visible_to,
)

_ABOUT = (not_shut("t.about"), not_derived("t.about"))


def notifications_of(asked: Asked) -> Notifications:
    """The notifications of the service that was asked."""
    found: Notifications = asked.service.parts["notifications"]
    return found


def person_of(found: Folded[Notification]) -> str:
    """Whom it is for."""
    return found.state.delivery.person if found.state.delivery else ""


async def seen(asked: Asked, id: UUID) -> Folded[Notification]:
    """The notification that a request means, as it now is. Raises NotFound, Unavailable."""
    held = await notifications_of(asked).current(id)
    require_visible(asked, person_of(held), "notification")
    about = [held.state.delivery.about] if held.state.delivery else []
    restricted, hidden = await restricted_among(asked.service.store.pool, asked.caller, about)
    if hidden:
        raise NotFound("there is no such notification")
    await record_access(asked.request, asked.caller, restricted)
    return held


def about_visible(asked: Asked) -> list[tuple[str, Any]]:
    """Conditions for `notifications t`: about what the caller may know of."""
    return visible_to(asked.caller, *_ABOUT)


async def on_record(asked: Asked, rows: Sequence[asyncpg.Record]) -> None:
    """Put on record which restricted things the notifications of a list are about."""
    pool, about = asked.service.store.pool, {row["about"] for row in rows}
    if about and await any_restricted(pool):
        restricted = (await restricted_among(pool, None, about)).restricted
        await record_access(asked.request, asked.caller, restricted)
