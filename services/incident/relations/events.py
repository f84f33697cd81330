"""What ties an incident to others, and to things elsewhere. Names and fields are stored for ever.

Of two incidents each has its own event, stored together; `number` is always the other one's.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.domain import FREE_TEXT, Event, Personal, event


class LinkKind(StrEnum):
    SERVICE = "service"
    ITEM = "item"
    PROBLEM = "problem"
    KNOWN_ERROR = "known_error"
    CHANGE = "change"
    ALERT = "alert"
    TICKET = "ticket"


@event("incident.child_added")
class ChildAdded(Event, frozen=True):
    child: UUID
    number: int


@event("incident.child_removed")
class ChildRemoved(Event, frozen=True):
    child: UUID
    number: int


@event("incident.parent_added")
class ParentAdded(Event, frozen=True):
    parent: UUID
    number: int


@event("incident.parent_removed")
class ParentRemoved(Event, frozen=True):
    parent: UUID
    number: int


@event("incident.merged", personal={"reason": FREE_TEXT})
class Merged(Event, frozen=True):
    """It goes on in another one, its survivor; nothing of it is copied there."""

    into: UUID
    number: int
    at: datetime
    reason: Personal | None = None


@event("incident.unmerged", personal={"reason": FREE_TEXT})
class Unmerged(Event, frozen=True):
    """It is on its own again, in the status it had; `problem` is what it waits for again."""

    out_of: UUID
    number: int
    status: str
    at: datetime
    reason: Personal | None = None
    problem: UUID | None = None


@event("incident.absorbed")
class Absorbed(Event, frozen=True):
    """Another one was merged into it."""

    incident: UUID
    number: int
    at: datetime


@event("incident.released")
class Released(Event, frozen=True):
    """One that was merged into it is on its own again."""

    incident: UUID
    number: int
    at: datetime


@event("incident.linked")
class Linked(Event, frozen=True):
    """`reference` is the thing's key or number, `id` what our own log calls it."""

    kind: LinkKind
    reference: str
    id: UUID | None = None
    url: str | None = None
    caused_by: bool = False


@event("incident.unlinked")
class Unlinked(Event, frozen=True):
    kind: LinkKind
    reference: str


@event("incident.attachment_added", personal={"name": FREE_TEXT})
class AttachmentAdded(Event, frozen=True):
    """A reference; the bytes stay where the user keeps them."""

    sha256: str
    url: str
    size: int
    media_type: str
    name: Personal | None = None


@event("incident.attachment_removed")
class AttachmentRemoved(Event, frozen=True):
    sha256: str


RelationEvent = (
    ChildAdded
    | ChildRemoved
    | ParentAdded
    | ParentRemoved
    | Merged
    | Unmerged
    | Absorbed
    | Released
    | Linked
    | Unlinked
    | AttachmentAdded
    | AttachmentRemoved
)
