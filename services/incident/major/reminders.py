"""What the clock does to a major incident: facts beside its own stream, so its version stays.

What is due follows from its events and the time; these say that somebody was reminded of it.
"""

from datetime import datetime
from uuid import UUID

from services.incident.major.events import Target
from shared.domain import Event, event


@event("incident.update_due")
class UpdateDue(Event, frozen=True):
    """An audience will soon have to be told; `person` is who tells it, where there is somebody."""

    incident: UUID
    audience: str
    due_at: datetime
    at: datetime
    person: str | None = None


@event("incident.update_overdue")
class UpdateOverdue(Event, frozen=True):
    """An audience was not told in time: that goes to `person`, the commander, if there is one.

    With `until` it was over by then: told, put off, or owed no longer.
    """

    incident: UUID
    audience: str
    due_at: datetime
    at: datetime
    person: str | None = None
    until: datetime | None = None


@event("incident.request_timed_out")
class RequestTimedOut(Event, frozen=True):
    """Nobody has answered in time: `next` is asked.

    Without one there is nobody left to ask: the first of `tell` is told so, then the next.
    """

    incident: UUID
    request: UUID
    step: int
    at: datetime
    asked: Target
    next: Target | None = None
    tell: tuple[Target, ...] = ()


Reminder = UpdateDue | UpdateOverdue | RequestTimedOut


def once(reminder: Reminder) -> str:
    """What makes it the same reminder as another."""
    if isinstance(reminder, RequestTimedOut):
        return f"{reminder.topic}:{reminder.request}:{reminder.step}:{reminder.at.isoformat()}"
    return f"{reminder.topic}:{reminder.audience}:{reminder.due_at.isoformat()}"
