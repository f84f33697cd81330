"""What the clock says of action items, beside the incident's own stream; and its timer."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from services.incident.review.review import Item, Review
from shared.domain import Event, event


@event("incident.action_item_due")
class ActionItemDue(Event, frozen=True):
    """The day before it is due has begun, UTC."""

    incident: UUID
    item: int
    due: date
    at: datetime
    owner: str | None = None


@event("incident.action_item_overdue")
class ActionItemOverdue(Event, frozen=True):
    """The day it was due is over, UTC."""

    incident: UUID
    item: int
    due: date
    at: datetime
    owner: str | None = None


ItemReminder = ActionItemDue | ActionItemOverdue


def once(reminder: ItemReminder) -> str:
    """What of it happens once: another due date is another one."""
    return f"{reminder.topic}:{reminder.item}:{reminder.due}"


def due_by(review: Review, incident: UUID, now: datetime) -> Iterator[ItemReminder]:
    """What is to be said by now; of one that is overdue only that."""
    for number, item, due in _waiting(review):
        soon, over = moments_of(due)
        told: dict[str, Any] = {"incident": incident, "item": number, "due": due}
        told["owner"] = item.owner
        if over <= now:
            yield ActionItemOverdue(**told, at=over)
        elif soon <= now:
            yield ActionItemDue(**told, at=soon)


def next_ring(review: Review, now: datetime) -> datetime | None:
    """When there is something to say next; None where nothing waits."""
    later = [at for _, _, due in _waiting(review) for at in moments_of(due) if at > now]
    return min(later, default=None)


def moments_of(due: date) -> tuple[datetime, datetime]:
    """When its owner is reminded, and when it is overdue."""
    begins = datetime.combine(due, time(), UTC)
    return begins - timedelta(days=1), begins + timedelta(days=1)


def _waiting(review: Review) -> Iterator[tuple[int, Item, date]]:
    """Open items with their due dates."""
    for number, item in review.items.items():
        if item.is_open and item.due is not None:
            yield number, item, item.due
