"""How webhooks and their deliveries look to a caller."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.notification.keyed.rows import KeyedItem
from services.notification.outgoing_webhooks.events import Source


class Progress(msgspec.Struct, kw_only=True):
    """How far it has come in its source's log; while it does not answer, when it is tried again."""

    position: int
    ahead: int  # done already behind that position
    tries: int
    next_at: datetime | None
    reason: str | None


class WebhookView(KeyedItem, kw_only=True):
    """A webhook. Its secrets are never shown; `progress` only where it was read alone."""

    url: str
    source: Source
    types: tuple[str, ...]
    services: tuple[str, ...]
    priorities: tuple[int, ...]
    both_until: datetime | None
    rewinds: int
    rewound_to: int | None
    suspended_at: datetime | None
    suspended_because: str | None
    progress: Progress | msgspec.UnsetType | None = msgspec.UNSET


class WebhookPage(msgspec.Struct, kw_only=True):
    items: list[WebhookView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class DeliveryView(msgspec.Struct, kw_only=True):
    """One attempt. `outcome`: delivered, refused (this event, for good), failed, unknown."""

    id: UUID
    position: int
    event: UUID
    type: str
    subject: UUID
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    answer: str | None


class DeliveryPage(msgspec.Struct, kw_only=True):
    """Attempts of the last 30 days, newest first."""

    items: list[DeliveryView]
    next_cursor: str | None
    total_estimate: int | None
    position: int
