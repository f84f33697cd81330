"""What can happen to an audience. These names and fields are stored for ever.

People stand here by their ids in tokens, as in teams.
"""

from uuid import UUID

from services.notification.events import Channel
from services.notification.keyed.keyed import Gone, Said
from shared.domain import event


@event("audience.set")
class AudienceSet(Said, frozen=True):
    """Who is in it: named ones, and those whom its rules find at the moment that they are told."""

    people: tuple[str, ...] = ()
    contacts: tuple[UUID, ...] = ()  # mailboxes and endpoints of nobody in particular, too
    teams: tuple[str, ...] = ()  # their members
    schedules: tuple[str, ...] = ()  # whoever is on call
    subscribed_to: tuple[str, ...] = ()  # whoever subscribes to one of these facts
    channels: tuple[Channel, ...] = ()  # the first that reaches a contact; none named: any
    template: str | None = None


@event("audience.retired")
class AudienceRetired(Gone, frozen=True):
    pass


AudienceEvent = AudienceSet | AudienceRetired
