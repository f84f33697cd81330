"""What machines record about a problem: a side stream, so the problem's version stays."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5

from shared.domain import Event, State, changed, event


@event("problem.risk_review_due")
class RiskReviewDue(Event, frozen=True):
    """The day has come to look again at an accepted risk."""

    problem: UUID
    review_date: date


class Facts(State, frozen=True):
    """What was recorded last; the records themselves are read from the log."""

    reminded_of: date | None = None


def facts_stream(problem: UUID) -> UUID:
    """Where the facts about a problem stand."""
    return uuid5(problem, "facts")


def remind(facts: Facts, *, due: RiskReviewDue) -> Sequence[RiskReviewDue]:
    return [] if facts.reminded_of == due.review_date else [due]


def evolve(facts: Facts, event: RiskReviewDue) -> Facts:
    return changed(facts, reminded_of=event.review_date)
