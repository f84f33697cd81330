"""What is urgent and has not reached in time goes by another channel of the same contact."""

from uuid import UUID

from services.notification import notification
from services.notification.contact import Contact
from services.notification.contacts import Contacts
from services.notification.events import Channel, Delivery
from services.notification.notification import notification_stream
from services.notification.notifications import Notifications
from services.notification.said import words_of
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.domain import changed
from shared.errors import Unavailable
from shared.work import Work

_ACTOR = "system:fallback"
_TRIES = 8


class Fallback:
    """Plans the same for the next channel there is, or states that there is none."""

    def __init__(self, notifications: Notifications, contacts: Contacts) -> None:
        self._notifications = notifications
        self._contacts = contacts

    async def ring(self, stream: UUID) -> None:
        """For the timer of an urgent notification; attempts go on beside it."""
        for _ in range(_TRIES):
            work = Work(self._notifications.store, _ACTOR, causation_id=stream)
            await self._fall_back(stream, work)
            if work.is_empty or (await work.append()).outcome in ("appended", "already"):
                return
        raise Unavailable("it is being changed at this moment")

    async def _fall_back(self, stream: UUID, work: Work) -> None:
        held = await work.current(self._notifications, stream)
        at = self._notifications.store.clock()
        if not notification.fall_back(held.state, at=at, channel=None, to=None):
            return
        delivery = await self._next(held.state, work)
        channel = to = None
        if delivery is not None:
            channel, to = delivery.channel, notification_stream(delivery)
            await self._plan(held, delivery, work)
        command = notification.fall_back
        await work.execute(self._notifications, stream, command, at=at, channel=channel, to=to)

    async def _next(self, state: Notification, work: Work) -> Delivery | None:
        """By the first channel that reaches the contact and has not been tried yet.

        A page only by one that was verified.
        """
        if (delivery := state.delivery) is None:
            return None
        contact: Contact = (await work.current(self._contacts, delivery.contact)).state
        reaches = contact.reach if state.escalation is None else contact.relies_on
        for channel in Channel:
            other = changed(delivery, channel=channel)
            planned = await work.current(self._notifications, notification_stream(other))
            is_seen = channel is not Channel.INBOX  # nobody is woken by an inbox
            if is_seen and reaches(channel) and planned.version == 0:
                return other
        return None

    async def _plan(self, held: Folded[Notification], delivery: Delivery, work: Work) -> None:
        state = held.state
        if state.happened_at is None:
            return
        await work.execute(
            self._notifications,
            notification_stream(delivery),
            notification.plan,
            delivery=delivery,
            subscription=state.subscription,
            happened_at=state.happened_at,
            words=await words_of(work.store, held.stream, state),
            urgent=True,
            escalation=state.escalation,
            instead_of=held.stream,
            wording=state.wording,
        )
