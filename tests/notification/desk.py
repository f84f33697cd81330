"""The notification service's parts on a real database, by a clock that stands until moved."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table

from services.notification import contact, subscription
from services.notification.contacts import Contacts
from services.notification.endpoints.breaker import Breaker
from services.notification.endpoints.endpoints import ENDPOINTS, PROBE, RELEASE, Endpoints
from services.notification.endpoints.revival import Revival
from services.notification.events import Channel, Template
from services.notification.fallback import Fallback
from services.notification.keyed.rows import KEYED
from services.notification.mail import Post, mail_server
from services.notification.notifications import FALL_BACK, SEND, Notifications
from services.notification.policies import Planner
from services.notification.said import Words, words_of
from services.notification.sender import Sender
from services.notification.state import Attempt, Notification
from services.notification.subscriptions import Subscriptions
from services.notification.tables import TABLES
from shared.aggregate import Folded
from shared.clock import new_id
from shared.follower import Fact
from shared.ledger import Order
from shared.outgoing import Outgoing
from shared.store.store import Store
from shared.timers import Timers
from shared.vault import Vault
from shared.work import Work
from tests.notification.sinks import SECRET, MailSink

LOOPBACK = (ip_network("127.0.0.0/8"),)
INCIDENT = UUID("0199aaaa-0000-7000-8000-000000000001")
DECLARED: dict[str, Any] = {
    "number": "INC-7",
    "title": "Checkout is slow",
    "service": "checkout",
    "priority": 1,
}


class Clock:
    """Stands at a moment until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Desk:
    """One process of the service, without its routes."""

    store: Store
    clock: Clock
    contacts: Contacts
    subscriptions: Subscriptions
    notifications: Notifications
    planner: Planner
    sender: Sender
    timers: Timers
    last: int = field(default=0)

    async def contact(self, person: str = "ada", **methods: Any) -> UUID:
        said = methods or {"email": "ada@example.com"}
        if "webhook_url" in said:
            said = {"secret": SECRET} | said
        order = Order(stream=new_id(), actor="admin", creates=True)
        command = contact.put
        await self.contacts.execute(order, command, person=person, name="Ada", **said)
        return order.stream

    async def subscribe(
        self,
        contact: UUID,
        channel: Channel,
        *facts: str,
        template: Template | None = None,
        **filters: Any,
    ) -> UUID:
        order = Order(stream=new_id(), actor="admin", creates=True)
        await self.subscriptions.execute(
            order,
            subscription.put,
            contact=contact,
            channel=channel,
            facts=facts or ("incident.declared",),
            template=template,
            **filters,
        )
        self.clock.move(seconds=1)
        return order.stream

    def fact(self, name: str, subject: UUID = INCIDENT, **data: Any) -> Fact:
        self.last += 1
        return Fact(
            id=new_id(),
            type=f"tocsin.{name}.v1",
            subject=subject,
            time=self.clock(),
            position=self.last,
            actor="ada",
            correlation_id=new_id(),
            data=msgspec.Raw(msgspec.json.encode(data)),
        )

    async def hear(self, *facts: Fact) -> None:
        """Take these facts in one append, as the follower does."""
        work = Work(self.store, "system:follower")
        for fact in facts:
            work.caused_by(fact.id, fact.correlation_id)
            await self.planner.hear(fact, work)
        assert (await work.append()).outcome == "appended"

    async def ring(self) -> None:
        """Ring what is due, and see the calls through."""
        await self.timers.ring()
        await self.sender.idle()

    async def planned(self) -> list[Folded[Notification]]:
        found = await self.store.pool.fetch(
            "select id from notifications where to_position is null order by created_at, id"
        )
        return [await self.notifications.current(row["id"]) for row in found]

    async def words(self, found: Folded[Notification]) -> Words:
        """What it says, in clear."""
        return await words_of(self.store, found.stream, found.state)

    async def only(self) -> Notification:
        (found,) = await self.planned()
        return found.state

    async def attempts(self) -> tuple[Attempt, ...]:
        return (await self.only()).attempts


def tables() -> tuple[Table, ...]:
    """The read models that are written here."""
    return (*TABLES, ENDPOINTS, KEYED)


def parts(store: Store, clock: Clock, outgoing: Outgoing, mail: MailSink | None = None) -> Desk:
    notifications, contacts = Notifications(store), Contacts(store)
    subscriptions, breaker = Subscriptions(store), Breaker(Endpoints(store))
    post = Post(mail_server(mail.url)) if mail else None
    sender = Sender(notifications, contacts, breaker, outgoing, post, jitter=lambda: 1.0)
    revival = Revival(notifications, breaker, sender)
    timers = {
        SEND: sender.ring,
        FALL_BACK: Fallback(notifications, contacts).ring,
        PROBE: revival.probe,
        RELEASE: revival.release,
    }
    return Desk(
        store,
        clock,
        contacts,
        subscriptions,
        notifications,
        Planner(notifications, subscriptions),
        sender,
        Timers(store, timers),
    )


@asynccontextmanager
async def open_desk(
    dsn: str, *, mail: MailSink | None = None, patience: float = 15.0
) -> AsyncIterator[Desk]:
    clock = Clock()
    vault = Vault(secrets.token_bytes(32))
    store = await Store.open(dsn, tables=tables(), vault=vault, clock=clock)
    try:
        async with Outgoing(LOOPBACK, within=patience) as outgoing:
            yield parts(store, clock, outgoing, mail)
    finally:
        await store.close()
