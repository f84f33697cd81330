"""How contacts, subscriptions and notifications look to a caller, alone or in a list."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.notification.contact import Contact
from services.notification.contact_events import QuietHours
from services.notification.events import Template
from services.notification.said import words_of
from services.notification.state import Attempt, Notification
from services.notification.subscription import Subscription
from shared.aggregate import Folded
from shared.domain import Personal, Sealed
from shared.http.actions import Action
from shared.http.managed import Item, head_of
from shared.store.store import Store


class ContactItem(Item, kw_only=True):
    """A contact. The secret of its webhook is never shown.

    `verified` are the channels that have been shown to reach it: pages go by these alone.
    """

    person: str
    name: str
    email: str | None
    webhook_url: str | None
    quiet_hours: QuietHours | None
    chat: str | None
    verified: list[str]
    retired: bool


class ContactView(ContactItem, kw_only=True):
    """A contact alone. `actions` only where it was read, not in a command's answer.

    `both_until`: its webhook is signed with the secret before as well until then.
    """

    both_until: datetime | None
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class SubscriptionItem(Item, kw_only=True):
    """A subscription; an empty filter lets everything pass.

    It tells a contact by a channel, or pages by an escalation policy.
    """

    contact: UUID | None
    channel: str | None
    escalation_policy: str | None
    facts: list[str]
    priorities: list[int]
    services: list[str]
    template: Template | None
    retired: bool


class SubscriptionView(SubscriptionItem, kw_only=True):
    """A subscription alone. `actions` only where it was read, not in a command's answer."""

    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class NotificationItem(Item, kw_only=True):
    """A notification; `about` is the incident or problem, `number` what people call it."""

    status: str
    fact: str
    cause: UUID
    about: UUID
    number: str
    contact: UUID
    person: str
    channel: str
    subject: str
    attempt_count: int
    next_at: datetime | None
    delivered_at: datetime | None
    exhausted_at: datetime | None
    acknowledged_at: datetime | None
    read_at: datetime | None


class NotificationView(NotificationItem, kw_only=True):
    """A notification alone, with each attempt. `actions` only where it was read.

    `fallback` is what was planned by another channel because this one did not reach in time,
    `instead_of` the one that this was planned for; one that is held says until when, and why.
    """

    subscription: UUID | None
    escalation: UUID | None
    urgent: bool
    instead_of: UUID | None
    wording: str | None
    fell_back_at: datetime | None
    fallback: UUID | None
    fallback_channel: str | None
    held_until: datetime | None
    held_because: str | None
    bundle: tuple[UUID, ...]
    bundled_into: UUID | None
    cancelled_at: datetime | None
    cancelled_because: str | None
    happened_at: datetime | None
    text: str
    acknowledged_by: str | None
    attempts: list[Attempt]
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class ContactPage(msgspec.Struct, kw_only=True):
    items: list[ContactItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class SubscriptionPage(msgspec.Struct, kw_only=True):
    items: list[SubscriptionItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class NotificationPage(msgspec.Struct, kw_only=True):
    items: list[NotificationItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


async def contact_view(store: Store, folded: Folded[Contact]) -> ContactView:
    """A contact with its name and addresses in clear."""
    state = folded.state
    name, email, url = await _opened(
        store, folded.stream, (state.name, state.email, state.webhook_url)
    )
    return ContactView(
        **head_of(folded),
        person=state.person,
        name=name or "",
        email=email,
        webhook_url=url,
        quiet_hours=state.quiet_hours,
        chat=state.chat,
        verified=sorted(state.verified),
        both_until=state.both_until,
        retired=state.retired,
    )


async def contact_items(store: Store, rows: Sequence[asyncpg.Record]) -> list[ContactItem]:
    """The items of a list's rows, with names and addresses in clear."""
    sealed = [_sealed(row) for row in rows]
    await store.vault.load(store.pool, (value for values in sealed for value in values.values()))
    return [_contact_item(store, row, values) for row, values in zip(rows, sealed, strict=True)]


def subscription_view(folded: Folded[Subscription]) -> SubscriptionView:
    """A subscription alone."""
    said = {name: getattr(folded.state, name) for name in Subscription.__struct_fields__}
    lists = {name: list(said[name]) for name in ("facts", "priorities", "services")}
    return SubscriptionView(**head_of(folded), **(said | lists))


def subscription_item(row: asyncpg.Record) -> SubscriptionItem:
    """The item of a list's row."""
    return msgspec.convert(_named(row), SubscriptionItem)


async def notification_view(store: Store, folded: Folded[Notification]) -> NotificationView:
    """A notification alone, with its words in clear and each attempt."""
    state, words = folded.state, await words_of(store, folded.stream, folded.state)
    delivery = {} if state.delivery is None else msgspec.structs.asdict(state.delivery)
    own = {n: getattr(state, n) for n in _NOTIFICATION if n in Notification.__struct_fields__}
    own |= {"subject": words.subject, "text": words.text, "attempts": list(state.attempts)}
    told = {"number": state.values.get("number", ""), "attempt_count": len(state.attempts)}
    return NotificationView(**head_of(folded), **(delivery | own | told))


async def notification_items(
    store: Store, rows: Sequence[asyncpg.Record]
) -> list[NotificationItem]:
    """The items of a list's rows, with their subjects in clear."""
    sealed: list[Personal] = [msgspec.convert(row["subject"], Personal) for row in rows]
    await store.vault.load(store.pool, sealed)
    return [_notification_item(store, *each) for each in zip(rows, sealed, strict=True)]


def _notification_item(store: Store, row: asyncpg.Record, subject: Personal) -> NotificationItem:
    told = {"attempt_count": row["attempts"], "subject": store.vault.open(row["id"], subject)}
    return msgspec.convert(_named(row) | told, NotificationItem)


_NOTIFICATION = NotificationView.__struct_fields__


def _named(row: asyncpg.Record) -> dict[str, Any]:
    return dict(row) | {"position": row["from_position"]}


def _sealed(row: asyncpg.Record) -> dict[str, Sealed | None]:
    names = ("name", "email", "webhook_url")
    return {name: msgspec.convert(row[name], Sealed | None) for name in names}


def _contact_item(
    store: Store, row: asyncpg.Record, sealed: dict[str, Sealed | None]
) -> ContactItem:
    clear = {n: v and store.vault.open(row["id"], v) for n, v in sealed.items()}
    return msgspec.convert(_named(row) | clear, ContactItem)


async def _opened(
    store: Store, stream: UUID, values: Sequence[Personal | None]
) -> list[str | None]:
    await store.vault.load(store.pool, values)
    return [None if value is None else store.vault.open(stream, value) for value in values]
