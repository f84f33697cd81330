"""What this service tells the others of reviews; texts stay here."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from services.incident.review.reminders import ActionItemDue, ActionItemOverdue
from shared.feed import Published


class ActionItem(msgspec.Struct, frozen=True):
    """An action item of an incident's review is due, or overdue."""

    incident: UUID
    item: int
    due: date
    owner: str | None
    at: datetime


REVIEWS_PUBLISHED: Published = {
    ActionItemDue: lambda h: ActionItem(**h.fields()),
    ActionItemOverdue: lambda h: ActionItem(**h.fields()),
}
