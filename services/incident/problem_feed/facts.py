"""What the problem service has told of an incident's problem: facts of its side stream.

`position` is where its own log says so: of two facts about one matter the later one holds.
"""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.domain import Event, event


class OfProblem(Event, frozen=True, kw_only=True):
    """Something about one problem; `matter` is what of it."""

    matter: ClassVar[str]

    incident: UUID
    problem: UUID
    number: str
    position: int


@event("incident.problem_linked")
class ProblemLinked(OfProblem, frozen=True, kw_only=True):
    matter: ClassVar[str] = "link"
    title: str


@event("incident.problem_unlinked")
class ProblemUnlinked(OfProblem, frozen=True, kw_only=True):
    matter: ClassVar[str] = "link"


@event("incident.problem_moved")
class ProblemMoved(OfProblem, frozen=True, kw_only=True):
    """Resolved, a risk to live with, cancelled, a duplicate `of` another, or analysed anew."""

    matter: ClassVar[str] = "status"
    status: str
    of: UUID | None = None
    of_number: str | None = None
    review_date: date | None = None


@event("incident.workaround_offered")
class WorkaroundOffered(OfProblem, frozen=True, kw_only=True):
    """There is something that helps meanwhile."""

    matter: ClassVar[str] = "workaround"
    revision: int


@event("incident.workaround_withdrawn")
class WorkaroundWithdrawn(OfProblem, frozen=True, kw_only=True):
    """What was to help does not, or does harm."""

    matter: ClassVar[str] = "workaround"
    revision: int


@event("incident.workaround_used")
class WorkaroundUsed(OfProblem, frozen=True, kw_only=True):
    """Somebody has tried it, and perhaps says whether it helped."""

    matter: ClassVar[str] = "use"
    revision: int
    helped: bool | None = None


@event("incident.recurrence_found")
class RecurrenceFound(OfProblem, frozen=True, kw_only=True):
    """It looks like what the problem was to have ended."""

    matter: ClassVar[str] = "recurrence"


@event("incident.known_error_used")
class KnownErrorUsed(Event, frozen=True):
    """Somebody has tried it, and perhaps says whether it helped."""

    incident: UUID
    known_error: UUID
    number: str
    helped: bool | None = None


FactOfProblem = (
    ProblemLinked
    | ProblemUnlinked
    | ProblemMoved
    | WorkaroundOffered
    | WorkaroundWithdrawn
    | WorkaroundUsed
    | RecurrenceFound
)
ProblemFact = FactOfProblem | KnownErrorUsed


def is_news(fact: FactOfProblem, heard: Mapping[str, int]) -> bool:
    """Whether it is later than what was told of its matter."""
    return fact.position > told_until(fact.matter, fact.problem, heard)


def heard_of(fact: OfProblem, heard: Mapping[str, int]) -> dict[str, int]:
    """What was told, with this."""
    return {**heard, _key(fact.matter, fact.problem): fact.position}


def told_until(matter: str, problem: UUID, heard: Mapping[str, int]) -> int:
    """How far the problem's log was told of this matter."""
    return heard.get(_key(matter, problem), 0)


def _key(matter: str, problem: UUID) -> str:
    return f"{matter}:{problem}"
