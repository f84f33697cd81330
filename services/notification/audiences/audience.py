"""The audience: who is told of a major incident together, as managed data."""

from typing import ClassVar, assert_never
from uuid import UUID

from services.notification.audiences.events import AudienceEvent, AudienceRetired, AudienceSet
from services.notification.events import Channel
from services.notification.keyed.keyed import Keyed
from shared.domain import changed


class Audience(Keyed, frozen=True):
    """An audience as its events tell it."""

    noun: ClassVar[str] = "audience"

    people: tuple[str, ...] = ()
    contacts: tuple[UUID, ...] = ()
    teams: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    subscribed_to: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    template: str | None = None


def evolve(audience: Audience, event: AudienceEvent) -> Audience:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case AudienceSet():
            return Audience(**event.fields())
        case AudienceRetired():
            return changed(audience, retired=True)
        case _:
            assert_never(event)
