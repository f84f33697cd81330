"""The courier at work: one instance of the service at a time, every webhook beside the others."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from math import inf
from typing import Any, cast
from uuid import UUID

import msgspec
import structlog

from services.notification.outgoing_webhooks.courier import Courier
from services.notification.outgoing_webhooks.events import Source
from services.notification.outgoing_webhooks.webhooks import Webhooks
from services.notification.published import PUBLISHED
from services.notification.retries import chance
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.background import service_token
from shared.client import AsyncClient, new_client
from shared.feed import Feed
from shared.follower import Fact
from shared.leader import leading
from shared.outgoing import Outgoing
from shared.restrictions import FOLLOWS
from shared.settings import Service as Name
from shared.settings import Settings
from shared.store.store import Store

_PAUSE = 1.0
_LONG_POLL = 10.0
_ROUNDS_AN_HOUR = 3_600
_KEPT = timedelta(days=30)
_FORGET = "delete from webhook_deliveries where started_at < $1 and outcome is not null"
_OURSELVES = Caller(
    id="system:courier",
    name="courier",
    kind="service",
    roles=frozenset({Role.SERVICE}),
    expires=inf,
    scopes=frozenset({FOLLOWS}),
)
_log = structlog.get_logger("tocsin.courier")


class Feeds:
    """Reads the feeds of the other services as any other system would, and this one's log."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._own = Feed("notification", store, PUBLISHED)
        self._client: AsyncClient | None = None

    async def __call__(self, source: str, after: int, limit: int) -> tuple[Sequence[Fact], int]:
        """Facts behind a position, and how far the log was read; waits a while for some."""
        if source == Source.NOTIFICATION:
            return await self._read_own(after, limit)
        if self._client is None:
            self._client = new_client(timeout=_LONG_POLL + 10)
            self._client.headers["authorization"] = f"Bearer {service_token(self._settings)}"
        asked: dict[str, str | float] = {
            "lastEventId": after,
            "limit": limit,
            "timeout": _LONG_POLL,
        }
        url = f"{self._settings.url_of(cast(Name, source))}/v1/{source}/feed"
        answer = await self._client.get(url, params=asked)
        answer.raise_for_status()
        facts = msgspec.json.decode(answer.content, type=list[Fact])
        return facts, int(answer.headers["tocsin-scanned"])

    async def _read_own(self, after: int, limit: int) -> tuple[Sequence[Fact], int]:
        await self._store.pulse.beyond(after, _LONG_POLL)
        page = await self._own.page(after, _OURSELVES, limit=limit)
        events = map(self._own.cloud_event, page.events)
        return [msgspec.json.decode(each, type=Fact) for each in events], page.scanned

    async def close(self) -> None:
        """Let go of what is open."""
        if self._client is not None:
            await self._client.aclose()


@asynccontextmanager
async def couriers(
    webhooks: Webhooks, settings: Settings
) -> AsyncIterator[Coroutine[Any, Any, None]]:
    """What is to run beside the service's routes."""
    feeds = Feeds(settings, webhooks.store)
    async with Outgoing(settings.outbound_allow) as outgoing:
        try:
            yield courier_runs(Courier(webhooks, outgoing, feeds, chance), webhooks)
        finally:
            await feeds.close()


async def courier_runs(courier: Courier, webhooks: Webhooks) -> None:
    """Until cancelled; one process at a time does, the others stand by."""
    while True:
        async with leading(webhooks.store, "courier"):
            await _run(courier, webhooks)


async def _run(courier: Courier, webhooks: Webhooks) -> None:
    busy: dict[UUID, asyncio.Task[None]] = {}
    rounds = 0
    try:
        while True:
            for id in await _live(webhooks, forgets=rounds % _ROUNDS_AN_HOUR == 0):
                if id not in busy or busy[id].done():
                    busy[id] = asyncio.create_task(_tell(courier, id))
            rounds += 1
            await asyncio.sleep(_PAUSE)
    finally:
        for task in busy.values():
            task.cancel()


async def _live(webhooks: Webhooks, *, forgets: bool) -> list[UUID]:
    try:
        if forgets:
            await webhooks.store.pool.execute(_FORGET, webhooks.store.clock() - _KEPT)
        return await webhooks.live()
    except Exception as trouble:
        _log.warning("courier_waits", reason=repr(trouble))
        return []


async def _tell(courier: Courier, id: UUID) -> None:
    """Everything that there is for one webhook."""
    try:
        while await courier.step(id):
            pass
    except Exception as trouble:
        # Only its kind: what it says may hold an address. It is tried again in a moment.
        _log.warning("courier_waits", webhook=str(id), reason=type(trouble).__name__)
