"""What was held for a contact by one channel goes as one message that names all it holds."""

from uuid import UUID

from services.notification import notification
from services.notification.events import Delivery
from services.notification.notifications import Notifications
from services.notification.said import Words, words_of
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.work import Work

_HELD = """select id from notifications
    where to_position is null and contact = $1 and channel = $2 and status = 'waiting' and held
      and id <> $3 order by created_at, id limit $4"""
_MOST = 49
_ACTOR = "system:bundling"
_MOST_CHARACTERS = 1_000


class Bundling:
    """Puts what is held into one."""

    def __init__(self, notifications: Notifications) -> None:
        self._notifications = notifications
        self._store = notifications.store

    async def gather(self, held: Folded[Notification]) -> None:
        """The first whose time has come takes the others along, if there are any."""
        delivery = held.state.delivery
        if delivery is None or held.state.held_until is None or held.state.is_skipped:
            return
        if others := await self._others(held.stream, delivery):
            await self._bundle(held, others)

    async def _others(self, stream: UUID, delivery: Delivery) -> list[UUID]:
        way = delivery.contact, delivery.channel
        rows = await self._store.pool.fetch(_HELD, *way, stream, _MOST)
        return [row["id"] for row in rows]

    async def _bundle(self, held: Folded[Notification], others: list[UUID]) -> None:
        work, at = Work(self._store, _ACTOR), self._store.clock()
        told = [await words_of(self._store, held.stream, held.state)]
        for stream in others:
            after = await work.execute(
                self._notifications, stream, notification.join, at=at, into=held.stream
            )
            told.append(await words_of(self._store, stream, after.state))
        await work.execute(
            self._notifications,
            held.stream,
            notification.bundle,
            at=at,
            held=tuple(others),
            subject=f"{len(told)} messages: {told[0].subject}, ...",
            text="\n\n".join(map(_told, told)),
        )
        await work.append()  # where somebody else was first, they have bundled it


def _told(words: Words) -> str:
    return f"* {words.subject}\n\n{words.text[:_MOST_CHARACTERS].strip()}"
