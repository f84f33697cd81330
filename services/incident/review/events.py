"""What can happen to a post-incident review: a stream of its own. Stored for ever.

Its facts are never stored: they are replayed from the log, up to the position it was completed at.
"""

from datetime import date, datetime
from uuid import UUID, uuid5

from shared.domain import FREE_TEXT, Event, Personal, event


def review_stream(incident: UUID) -> UUID:
    """Where an incident's review stands, all its revisions."""
    return uuid5(incident, "review")


@event("review.opened")
class ReviewOpened(Event, frozen=True):
    incident: UUID
    at: datetime


@event("review.section_written", personal={"text": FREE_TEXT})
class SectionWritten(Event, frozen=True):
    """A section as a whole; without a text it is empty again."""

    section: str
    text: Personal | None = None


@event("review.action_item_added", personal={"title": FREE_TEXT})
class ActionItemAdded(Event, frozen=True):
    item: int
    title: Personal
    owner: str | None = None
    due: date | None = None


@event("review.action_item_changed", personal={"title": FREE_TEXT})
class ActionItemChanged(Event, frozen=True):
    """What is not stated stays."""

    item: int
    title: Personal | None = None
    owner: str | None = None
    due: date | None = None


@event("review.action_item_done")
class ActionItemDone(Event, frozen=True):
    item: int
    at: datetime


@event("review.action_item_dropped", personal={"reason": FREE_TEXT})
class ActionItemDropped(Event, frozen=True):
    item: int
    reason: Personal


@event("review.completed")
class Completed(Event, frozen=True):
    """With its facts as the log had them at this position."""

    revision: int
    position: int
    at: datetime


@event("review.reopened", personal={"reason": FREE_TEXT})
class ReviewReopened(Event, frozen=True):
    """The next revision begins with what the last one says; without a reason with its incident."""

    revision: int
    at: datetime
    reason: Personal | None = None


ReviewEvent = (
    ReviewOpened
    | SectionWritten
    | ActionItemAdded
    | ActionItemChanged
    | ActionItemDone
    | ActionItemDropped
    | Completed
    | ReviewReopened
)
