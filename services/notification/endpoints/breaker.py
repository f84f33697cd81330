"""Who is to be left alone: counts failures in a row, shuts endpoints off and restores them."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import FAILURES, endpoint_of
from services.notification.endpoints.endpoints import Decision, Endpoints
from services.notification.events import Channel, Delivery
from services.notification.outcome import Reached, Result, Unreached
from services.notification.rules import Status
from services.notification.state import Notification
from shared.recent import Recent

_SHUT_OFF = "select id from endpoints where to_position is null and shut_off_at is not null"
_FRESH = timedelta(seconds=1)
_COUNTED = 20_000


class Breaker:
    """Knows which endpoints are shut off, as of a second ago."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self._store = endpoints.store
        self._failures: Recent[UUID, int] = Recent(_COUNTED)
        self._shut_off: set[UUID] = set()
        self._read_at: datetime | None = None

    async def keeps_back(self, notification: Notification) -> bool:
        """Whether no attempt is to be made now; what is urgent or redriven is always tried."""
        if notification.delivery is None or notification.urgent or notification.at_once:
            return False
        await self._refresh()
        return endpoint_of(notification.delivery) in self._shut_off

    async def heard(self, delivery: Delivery, result: Result, after: Notification) -> None:
        """What an attempt came to, and how it left its notification."""
        id = endpoint_of(delivery)
        if isinstance(result, Reached):
            self._failures.forget(id)
            if id in self._shut_off:
                await self.restore(id, "it answers again")
        elif isinstance(result, Unreached) and self._is_enough(id, delivery, result, after):
            command = partial(endpoint.shut_off, delivery=delivery)
            await self._record(id, partial(command, at=self._store.clock(), reason=result.reason))
            self._shut_off.add(id)

    async def fail_probe(self, id: UUID, reason: str) -> None:
        """It does not answer yet."""
        await self._record(id, partial(endpoint.fail_probe, at=self._store.clock(), reason=reason))

    async def restore(self, id: UUID, reason: str) -> None:
        """Call it as before."""
        await self._record(id, partial(endpoint.restore, at=self._store.clock(), reason=reason))
        self._shut_off.discard(id)

    def _is_enough(
        self, id: UUID, delivery: Delivery, result: Unreached, after: Notification
    ) -> bool:
        """Whether the endpoint is to be shut off: by failures in a row, or by a dead letter that
        is to be tried again as soon as the endpoint answers."""
        if result.permanent:
            return False
        if result.down:
            self._failures[id] = (self._failures.get(id) or 0) + 1
        dead = after.status is Status.EXHAUSTED and delivery.channel is not Channel.EMAIL
        return dead or (self._failures.get(id) or 0) >= FAILURES

    async def _refresh(self) -> None:
        now = self._store.clock()
        if self._read_at is None or now - self._read_at >= _FRESH:
            self._read_at = now
            rows = await self._store.pool.fetch(_SHUT_OFF)
            self._shut_off = {row["id"] for row in rows}

    async def _record(self, id: UUID, command: Decision) -> None:
        await self.endpoints.record(id, "system:breaker", command)
