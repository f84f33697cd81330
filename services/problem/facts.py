"""What machines record about a problem: a side stream, so the problem's version stays."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID, uuid5

from shared.aggregate import Alarm
from shared.domain import Event, State, changed, event

REVIEW_AGAIN = "risk-review-again"
REMINDED_EVERY = timedelta(days=7)


@event("problem.risk_review_due")
class RiskReviewDue(Event, frozen=True):
    """The day has come to look again at an accepted risk; said again until somebody does."""

    problem: UUID
    review_date: date
    reminder: int | None = None  # from the second on


@event("problem.fix_ineffective")
class FixIneffective(Event, frozen=True):
    """An incident like those that were fixed, within the watch window: it asks for an analysis."""

    problem: UUID
    incident: UUID
    number: str  # the incident's
    at: datetime  # when the incident happened
    fixed_at: datetime


FactEvent = RiskReviewDue | FixIneffective


class Facts(State, frozen=True):
    """What was recorded; the records themselves are read from the log."""

    problem: UUID | None = None
    reminded_of: date | None = None
    reminders: int = 0
    recurrences: tuple[UUID, ...] = ()


def facts_stream(problem: UUID) -> UUID:
    """Where the facts about a problem stand."""
    return uuid5(problem, "facts")


def remind(facts: Facts, *, problem: UUID, review_date: date) -> Sequence[FactEvent]:
    """The first time for a day."""
    if facts.reminded_of == review_date:
        return []
    return [RiskReviewDue(problem=problem, review_date=review_date)]


def remind_again(facts: Facts, *, review_date: date | None) -> Sequence[FactEvent]:
    """As long as the risk is still accepted until that day."""
    if facts.problem is None or review_date is None or facts.reminded_of != review_date:
        return []
    number = facts.reminders + 1
    return [RiskReviewDue(problem=facts.problem, review_date=review_date, reminder=number)]


def recur(facts: Facts, *, found: FixIneffective) -> Sequence[FactEvent]:
    """Each incident once."""
    return [] if found.incident in facts.recurrences else [found]


def alarms(before: Facts, event: FactEvent, after: Facts) -> Iterable[Alarm]:
    """A reminder is followed by the next."""
    if isinstance(event, RiskReviewDue):
        yield Alarm(REVIEW_AGAIN, REMINDED_EVERY)


def evolve(facts: Facts, event: FactEvent) -> Facts:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case RiskReviewDue(problem=problem, review_date=day):
            count = facts.reminders + 1 if facts.reminded_of == day else 1
            return changed(facts, problem=problem, reminded_of=day, reminders=count)
        case FixIneffective(problem=problem, incident=incident):
            return changed(facts, problem=problem, recurrences=(*facts.recurrences, incident))
        case _:
            assert_never(event)
