"""What others are told of an incident's problem."""

from datetime import date
from uuid import UUID

import msgspec

from services.incident.problem_feed import facts as f
from shared.feed import Published


class Workaround(msgspec.Struct, frozen=True):
    """What helps meanwhile, by the problem that it belongs to."""

    incident: UUID
    problem: UUID
    problem_number: str
    revision: int


class Moved(msgspec.Struct, frozen=True):
    """What became of an incident's problem."""

    incident: UUID
    problem: UUID
    problem_number: str
    problem_status: str
    review_date: date | None


class Recurrence(msgspec.Struct, frozen=True):
    """A problem that was to have ended, and that an incident looks like."""

    incident: UUID
    problem: UUID
    problem_number: str


def _workaround(happened: f.WorkaroundOffered | f.WorkaroundWithdrawn) -> Workaround:
    return Workaround(happened.incident, happened.problem, happened.number, happened.revision)


def _moved(happened: f.ProblemMoved) -> Moved:
    about = (happened.incident, happened.problem, happened.number)
    return Moved(*about, happened.status, happened.review_date)


PROBLEM_FEED_PUBLISHED: Published = {
    f.ProblemMoved: _moved,
    f.WorkaroundOffered: _workaround,
    f.WorkaroundWithdrawn: _workaround,
    f.RecurrenceFound: lambda h: Recurrence(h.incident, h.problem, h.number),
}
