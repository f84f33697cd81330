"""The webhooks of this service: their ledger, how far each has come, and the log of deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from services.notification.keyed.rows import keyed_rows
from services.notification.outgoing_webhooks import webhook
from services.notification.outgoing_webhooks.events import Source, WebhookEvent
from services.notification.outgoing_webhooks.webhook import Webhook
from shared.aggregate import Aggregate, Folded
from shared.domain import Personal
from shared.ledger import Ledger
from shared.store.store import Store
from shared.vault import ERASED

WEBHOOK = Aggregate("webhook", Webhook(), webhook.evolve, rows=keyed_rows)
WEBHOOKS = "webhooks"
"""Among a service's parts, its `Webhooks`."""

_LIVE = "select id from keyed where kind = 'webhook' and to_position is null and not retired"
_PLACE = "select position, done, rewinds, tries, next_at, reason from webhook_places where id = $1"
_KEEP = """insert into webhook_places (id, position, done, rewinds, tries, next_at, reason)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update set position = $2, done = $3,
    rewinds = $4, tries = $5, next_at = $6, reason = $7"""
_HURRY = "update webhook_places set next_at = null where id = $1"
_STARTED = """insert into webhook_deliveries
    (id, webhook, position, fact, type, subject, started_at) select $1, $2, $3, $4, $5, $6, $7"""
_ENDED = """update webhook_deliveries set ended_at = $2, outcome = $3, answer = $4 where id = $1"""
_HEARD = "select position from cursors where name = $1"
_UNKNOWN = """update webhook_deliveries set ended_at = $2, outcome = 'unknown'
    where webhook = $1 and outcome is null"""


class Place(msgspec.Struct, frozen=True):
    """How far a webhook has come: all up to `position` is done, and these behind it."""

    position: int = 0
    done: tuple[int, ...] = ()
    rewinds: int = 0  # that it has heard of
    tries: int = 0  # in vain, one after the other
    next_at: datetime | None = None
    reason: str | None = None


class Started(NamedTuple):
    """An attempt that is about to be made."""

    id: UUID
    webhook: UUID
    position: int
    fact: UUID
    type: str
    subject: UUID
    at: datetime


class Webhooks(Ledger[Webhook, WebhookEvent]):
    """The ledger of webhooks."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, WEBHOOK)

    async def live(self) -> list[UUID]:
        """Those that are not retired."""
        return [row["id"] for row in await self.store.pool.fetch(_LIVE)]

    async def secrets(self, held: Folded[Webhook], now: datetime) -> list[str]:
        """What it is signed with, newest first; none where they were erased."""
        state = held.state
        both = state.both_until is not None and now < state.both_until
        sealed = [state.secret, state.secret_before if both else None]
        await self.store.vault.load(self.store.pool, sealed)
        opened = [self._opened(held.stream, each) for each in sealed]
        return [each for each in opened if each is not None]

    def _opened(self, stream: UUID, sealed: Personal | None) -> str | None:
        clear = None if sealed is None else self.store.vault.open(stream, sealed)
        return None if clear == ERASED else clear

    async def place(self, id: UUID) -> Place | None:
        """How far it has come; None before it has begun."""
        row = await self.store.pool.fetchrow(_PLACE, id)
        return msgspec.convert(dict(row), Place) if row else None

    async def newest(self, source: Source) -> int:
        """How far this service has heard of a source: where a new webhook begins."""
        if source is Source.NOTIFICATION:
            return (await self.store.log.head()).position
        heard = await self.store.pool.fetchval(_HEARD, f"notification-follows-{source}")
        return int(heard or 0)

    async def keep(self, id: UUID, place: Place) -> None:
        """It has come this far."""
        values: Sequence[Any] = (
            place.position, list(place.done), place.rewinds, place.tries, place.next_at,
            place.reason,
        )  # fmt: skip
        await self.store.pool.execute(_KEEP, id, *values)

    async def hurry(self, id: UUID) -> None:
        """Try it again at once."""
        await self.store.pool.execute(_HURRY, id)

    async def start(self, started: Started) -> None:
        """On record before the call."""
        await self.store.pool.execute(_STARTED, *started)

    async def end(self, id: UUID, at: datetime, outcome: str, answer: str) -> None:
        """What came of it."""
        await self.store.pool.execute(_ENDED, id, at, outcome, answer)

    async def give_up(self, webhook: UUID, at: datetime) -> None:
        """Attempts whose maker ended before telling how they fared."""
        await self.store.pool.execute(_UNKNOWN, webhook, at)

    async def about(self, subjects: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
        """Service and priority of these incidents and problems, as last told of."""
        asked = "select id, service, priority from subject_copies where id = any($1::uuid[])"
        return {row["id"]: row for row in await self.store.pool.fetch(asked, list(subjects))}
