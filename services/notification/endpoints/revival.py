"""What waits for an endpoint that was down: one goes ahead as a probe, the others follow.

Dead letters count among them, so a receiver that was down for days loses nothing.
"""

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from services.notification import notification
from services.notification.endpoints.breaker import Breaker
from services.notification.notifications import Notifications
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.work import MOST_STREAMS, Work

_ACTOR = "system:breaker"
WAITS = """t.status in ('waiting', 'exhausted') and t.tries > 0 and not t.refused
    and (t.status = 'waiting' or t.exhausted_at > {})"""
"""Of `notifications t`: what follows when its endpoint is back; dead letters since a moment."""

_WAITING = f"""select id from notifications t where to_position is null and endpoint = $1
    and {WAITS.format("$2")} order by created_at, id limit $3"""
KEPT = timedelta(days=30)
"""Older dead letters are news no more: they are redriven by people only."""


class Attempts(Protocol):
    """Whoever makes attempts."""

    async def probe(self, stream: UUID) -> Folded[Notification]:
        """Make one now, due or not; answers what came of it."""
        ...


class Revival:
    """Probes endpoints that are shut off, and sends what waited once they are back."""

    def __init__(self, notifications: Notifications, breaker: Breaker, sender: Attempts) -> None:
        self._notifications = notifications
        self._store = notifications.store
        self._breaker = breaker
        self._sender = sender

    async def probe(self, endpoint: UUID) -> None:
        """Let the oldest go ahead; for the timer of an endpoint."""
        first = await self._waiting(endpoint, 1)
        if not first:
            await self._breaker.restore(endpoint, "nothing waits for it any more")
            return
        after = await self._sender.probe(first[0])
        if after.state.delivered_at is None:
            newest = after.state.attempts[-1].answer if after.state.attempts else None
            await self._breaker.fail_probe(endpoint, newest or "no attempt could be made")

    async def release(self, endpoint: UUID) -> None:
        """Send everything that waited; for the timer of an endpoint that is back."""
        while waiting := await self._waiting(endpoint, MOST_STREAMS):
            await self._revive(waiting)

    async def _waiting(self, endpoint: UUID, most: int) -> list[UUID]:
        since = self._store.clock() - KEPT
        rows = await self._store.pool.fetch(_WAITING, endpoint, since, most)
        return [row["id"] for row in rows]

    async def _revive(self, streams: list[UUID]) -> None:
        work = Work(self._store, _ACTOR)
        for stream in streams:
            command, at = notification.revive, self._store.clock()
            await work.execute(self._notifications, stream, command, at=at)
        if not work.is_empty:
            await work.append()
