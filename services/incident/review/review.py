"""The review as its commands need to know it; its texts are read from the log."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from services.incident.review import events as r
from services.incident.review.events import ReviewEvent
from shared.aggregate import Aggregate, Alarm
from shared.domain import State, changed

REMINDER = "review-reminder"


class Standing(StrEnum):
    NONE = "none"
    OPEN = "open"
    COMPLETED = "completed"


class Item(State, frozen=True):
    """An action item; a dropped one asks nothing of anybody."""

    owner: str | None = None
    due: date | None = None
    done: bool = False
    dropped: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return not (self.done or self.dropped)


class Review(State, frozen=True):
    """A review; `revision` is the one that is worked on, or was completed last."""

    incident: UUID | None = None
    standing: Standing = Standing.NONE
    revision: int = 0
    written: frozenset[str] = frozenset()
    items: dict[int, Item] = {}


def evolve(review: Review, event: ReviewEvent) -> Review:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case r.ReviewOpened(incident=incident):
            return changed(review, incident=incident, standing=Standing.OPEN, revision=1)
        case r.SectionWritten(section=section, text=None):
            return changed(review, written=review.written - {section})
        case r.SectionWritten(section=section):
            return changed(review, written=review.written | {section})
        case r.ActionItemAdded(item=item, owner=owner, due=due):
            return _with(review, item, Item(owner=owner, due=due))
        case r.ActionItemChanged(item=item, owner=owner, due=due):
            held = review.items[item]
            after = changed(held, owner=owner or held.owner, due=due or held.due)
            return _with(review, item, after)
        case r.ActionItemDone(item=item):
            return _with(review, item, changed(review.items[item], done=True))
        case r.ActionItemDropped(item=item):
            return _with(review, item, changed(review.items[item], dropped=True))
        case r.Completed():
            return changed(review, standing=Standing.COMPLETED)
        case r.ReviewReopened(revision=revision):
            return changed(review, standing=Standing.OPEN, revision=revision)
        case _:
            assert_never(event)


def _with(review: Review, item: int, state: Item) -> Review:
    return changed(review, items=review.items | {item: state})


_ON_ITEMS = r.ActionItemAdded | r.ActionItemChanged | r.ActionItemDone | r.ActionItemDropped


def _alarms(before: Review, event: ReviewEvent, after: Review) -> Iterable[Alarm]:
    """The timer looks what is due; it knows what time it is."""
    if isinstance(event, _ON_ITEMS):
        yield Alarm(REMINDER, timedelta())


REVIEW = Aggregate("review", Review(), evolve, alarms=_alarms)
