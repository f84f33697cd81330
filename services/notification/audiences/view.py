"""How audiences look to a caller."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.notification.events import Channel
from services.notification.keyed.rows import KeyedItem


class AudienceView(KeyedItem, kw_only=True):
    """Who is told together: those who are named, and those whom its rules find then."""

    people: list[str]
    contacts: list[UUID]
    teams: list[str]
    schedules: list[str]
    subscribed_to: list[str]
    channels: list[Channel]
    template: str | None


class AudiencePage(msgspec.Struct, kw_only=True):
    items: list[AudienceView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class Member(msgspec.Struct, kw_only=True):
    """Somebody in it at this moment; without a channel they cannot be told."""

    person: str
    contact: UUID
    channel: Channel | None
    because: str


class MembersView(msgspec.Struct, kw_only=True):
    """Who would be told at a moment, and of whom it is said that nobody can be found."""

    audience: str
    at: datetime
    items: list[Member]
    missing: list[str]
    position: int
