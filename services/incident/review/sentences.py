"""Action items that are due, told in sentences, for the incident's timeline."""

from services.incident.review.reminders import ActionItemDue, ActionItemOverdue
from shared.domain import Event
from shared.timeline import Sentence

SENTENCES: dict[type[Event], Sentence] = {
    ActionItemDue: lambda h: (f"Action item {h.item} of the review is due on {h.due}", h.owner),
    ActionItemOverdue: lambda h: (
        f"Action item {h.item} of the review is overdue since {h.due}",
        h.owner,
    ),
}
