"""The problems of this service: their ledgers, their numbers, what they are raised from."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.problem import candidate, facts, problem
from services.problem.analyses import analysis
from services.problem.candidate import Candidate, CandidateEvent
from services.problem.copies import IncidentCopies, IncidentCopy
from services.problem.events import ProblemEvent, RiskAccepted
from services.problem.facts import FactEvent, Facts
from services.problem.parts import Task
from services.problem.problem import Problem
from services.problem.rules import Status
from services.problem.tables import fact_rows, problem_rows
from services.problem.trends.tables import candidate_rows
from shared.aggregate import Aggregate, Alarm
from shared.ledger import Ledger
from shared.numbers import Numbering, Numbers
from shared.policy import Policies
from shared.store.store import Store

MATRIX = "priority-matrix"
RISK_REVIEW = "risk-review"

_NUMBERED = Numbering("problem", "PRB", "problems", "problem_numbers")


def _alarms(before: Problem, event: ProblemEvent, after: Problem) -> Iterable[Alarm]:
    if isinstance(event, RiskAccepted):
        yield Alarm(RISK_REVIEW, timedelta(days=event.remind_after_days))
    elif before.status is Status.RISK_ACCEPTED and after.status is not Status.RISK_ACCEPTED:
        yield Alarm(RISK_REVIEW, None)


PROBLEM = Aggregate(
    "problem",
    Problem(),
    problem.evolve,
    rows=problem_rows,
    alarms=_alarms,
    parts=(analysis.evolve, Task),
)
CANDIDATE: Aggregate[Candidate, CandidateEvent] = Aggregate(
    "candidate", Candidate(), candidate.evolve, rows=candidate_rows
)
FACTS: Aggregate[Facts, FactEvent] = Aggregate(
    "problem facts", Facts(), facts.evolve, rows=fact_rows, alarms=facts.alarms
)


class Problems(Ledger[Problem, ProblemEvent]):
    """The ledger of problems, found by id or number."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, PROBLEM)
        self.candidates = Ledger(store, CANDIDATE)
        self.facts = Ledger(store, FACTS)
        self.policies = Policies(store, "problem")
        self.incidents = IncidentCopies(store)
        self.numbers = Numbers(store.pool, _NUMBERED)

    async def find(self, reference: str) -> UUID:
        """The id of a problem named by id or number. Raises NotFound."""
        return await self.numbers.find(reference)


def raised_from(
    copies: Sequence[IncidentCopy], restricted: Collection[UUID] = ()
) -> dict[str, Any]:
    """The facts of the incidents a problem is raised from: the gravest speaks for them all.

    A restricted one only where all are: then the problem is kept to the same people.
    """
    if not copies:
        return {}
    speaking = [copy for copy in copies if copy.id not in restricted] or copies
    gravest = min(speaking, key=lambda c: ((c.impact or 9) + (c.urgency or 9), c.occurred_at))
    names = ("title", "service", "item", "category", "subcategory", "impact", "urgency")
    return {name: getattr(gravest, name) for name in names} | {
        "incidents": tuple(dict.fromkeys(copy.id for copy in copies)),
        "raised_from": gravest.id,
        "started_at": min(copy.occurred_at for copy in speaking),
    }
