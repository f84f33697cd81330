"""Carries escalations on: their first step with the fact, the next by a timer, silence at an end.

Each step is decided on the newest state and stored with its pages in one append: a process that
ends in between leaves either both or neither, and the timer finds the rest.
"""

from datetime import datetime
from uuid import UUID

from services.notification import notification
from services.notification.contacts import Contacts
from services.notification.escalation import escalation
from services.notification.escalation.escalation import Escalation, Status
from services.notification.escalation.escalations import Escalations
from services.notification.escalation.people import People
from services.notification.escalation.reaching import Admits, Page, Reaching
from services.notification.keeping import may_know
from services.notification.notifications import Notifications
from services.notification.rules import FINAL
from services.notification.said import words_of
from shared.aggregate import Folded
from shared.errors import Unavailable
from shared.store.store import Store
from shared.work import Work

_ACTOR = "system:escalation"
_AT_ONCE = 80  # pages that are cancelled in one append; a timer goes on with the others


class Running:
    """Takes steps, and cancels what is no longer wanted."""

    def __init__(
        self, store: Store, notifications: Notifications, contacts: Contacts, people: People
    ) -> None:
        self.escalations = Escalations(store)
        self._store = store
        self._notifications = notifications
        self.people = people
        self._reaching = Reaching(notifications, contacts, people)

    async def ring(self, stream: UUID) -> None:
        """Take the steps that are due; for the timer."""
        work = Work(self._store, _ACTOR, causation_id=stream)
        held = await work.current(self.escalations, stream)
        occasion = held.state.occasion
        if occasion is None:
            return

        async def admits(person: str) -> bool:
            return await may_know(self._store.pool, occasion.about, person)

        await self.advance(stream, admits, self._store.clock(), work)
        await _stored(work)

    async def advance(self, stream: UUID, admits: Admits, at: datetime, work: Work) -> None:
        """Add to the work the steps that are due, until somebody could be told or none is left."""
        held = await work.current(self.escalations, stream)
        while (occasion := held.state.occasion) and (step := escalation.due(held.state, at)):
            words = await words_of(self._store, stream, held.state)
            page = Page(stream, occasion, words, at, work)
            paged, missed = await self._reaching.told(page, step, admits)
            held = await work.execute(
                self.escalations, stream, escalation.take, at=at, paged=paged, missed=missed
            )
        await work.execute(self.escalations, stream, escalation.finish, at=at)

    async def silence(self, stream: UUID) -> None:
        """Cancel pages of an escalation that has ended; for the timer."""
        while True:
            work = Work(self._store, _ACTOR, causation_id=stream)
            held = await work.current(self.escalations, stream)
            if not await self.cancel(held.state, self._store.clock(), work):
                return
            await _stored(work)

    async def cancel(self, ended: Escalation, at: datetime, work: Work) -> int:
        """Add to the work that its waiting pages are cancelled, so many at once; tells how many."""
        reason, count = _why(ended), 0
        for page in reversed(ended.pages):
            count += await self._cancelled(page, reason, at, work)
            if count >= _AT_ONCE:
                break
        return count

    async def _cancelled(self, page: UUID, reason: str, at: datetime, work: Work) -> int:
        """The page, and what went by another channel in its place."""
        held, count = await work.current(self._notifications, page), 0
        if held.state.fallback is not None:
            count += await self._cancelled(held.state.fallback, reason, at, work)
        if held.state.status in FINAL or held.state.is_over:
            return count
        command = notification.cancel
        await work.execute(self._notifications, page, command, at=at, reason=reason)
        return count + 1


def _why(ended: Escalation) -> str:
    if ended.status is Status.ACKNOWLEDGED:
        return f"acknowledged by {ended.acknowledged_by}"
    return ended.stopped_because or "the escalation has ended"


async def _stored(work: Work) -> None:
    if work.is_empty:
        return
    if (await work.append()).outcome not in ("appended", "already"):
        raise Unavailable("it is being changed at this moment")


def is_running(held: Folded[Escalation]) -> bool:
    """Whether it still pages."""
    return held.state.status is Status.RUNNING
