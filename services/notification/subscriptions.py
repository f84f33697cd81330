"""The subscriptions of this service: their ledger, and which of them a fact concerns."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.notification import subscription
from services.notification.contact_events import QuietHours, SubscriptionEvent
from services.notification.events import Channel, Template
from services.notification.subscription import Subscription
from services.notification.tables import subscription_rows
from shared.aggregate import Aggregate
from shared.ledger import Ledger
from shared.store.store import Store

SUBSCRIPTION = Aggregate(
    "subscription", Subscription(), subscription.evolve, rows=subscription_rows
)

_CONCERNED = """select s.id, s.contact, s.channel, s.template, c.person, c.quiet_hours,
        not c.retired and case s.channel when 'email' then c.email when 'webhook' then c.webhook_url
        when 'chat' then coalesce(to_jsonb(c.chat), 'null') else 'true' end <> 'null' as usable
    from subscriptions s join contacts c on c.id = s.contact and c.to_position is null
    where s.to_position is null and not s.retired
      and s.facts ? $1 and s.created_at <= $2
      and (s.priorities = '[]' or s.priorities @> to_jsonb($3::int))
      and (s.services = '[]' or s.services ? $4)
    order by s.created_at, s.id"""


class Concerned(msgspec.Struct, frozen=True):
    """Somebody whom a fact concerns, by a subscription (`id`) or as one of an audience."""

    id: UUID | None
    contact: UUID
    channel: Channel
    person: str
    template: Template | None = None
    quiet_hours: QuietHours | None = None
    usable: bool = True  # whether the channel reaches the contact
    audience: str | None = None
    wording: str | None = None  # whose words its template is


class Subscriptions(Ledger[Subscription, SubscriptionEvent]):
    """The ledger of subscriptions."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, SUBSCRIPTION)

    async def concerned(
        self, fact: str, *, recorded_at: datetime, priority: int | None, service: str | None
    ) -> list[Concerned]:
        """Who is to be told of this, oldest subscription first; not of what came before it."""
        rows = await self.store.pool.fetch(_CONCERNED, fact, recorded_at, priority, service)
        return [_concerned(dict(row)) for row in rows]


def _concerned(row: dict[str, Any]) -> Concerned:
    return msgspec.convert(row, Concerned)
