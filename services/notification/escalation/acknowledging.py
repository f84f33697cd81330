"""Acknowledging a notification; where it is a page, all of its escalation ends with it at once."""

from datetime import datetime
from uuid import UUID

from services.notification import notification
from services.notification.escalation import escalation
from services.notification.escalation.running import Running
from services.notification.notifications import Notifications
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.ledger import Order
from shared.work import Work, settle


async def acknowledge(
    notifications: Notifications, running: Running, order: Order, *, by: str, at: datetime
) -> Folded[Notification]:
    """The notification once `by` has said that they have seen it. Raises Refused, NotFound."""

    async def act(work: Work) -> Folded[Notification]:
        command = notification.acknowledge
        matter = await _matter((await work.current(notifications, order.stream)).state, work)
        after = await work.execute(
            notifications, order.stream, command, by=by, at=at, matter=matter
        )
        if (stream := after.state.escalation) is not None:
            ended = await work.execute(
                running.escalations,
                stream,
                escalation.acknowledge,
                by=by,
                at=at,
                notification=order.stream,
            )
            await running.cancel(ended.state, at, work)
        return after

    async def _matter(page: Notification, work: Work) -> UUID | None:
        """What it was paged for."""
        if page.escalation is None:
            return None
        paged = (await work.current(running.escalations, page.escalation)).state
        return paged.occasion.matter if paged.occasion else None

    return await settle(notifications, order, act)
