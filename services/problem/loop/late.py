"""Incidents that began to wait for a problem while it ended, or wait for it again after they were
merged into another: they learn what they missed."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from services.problem.loop.events import IncidentAnswered
from services.problem.loop.loop import LOOP, answer, loop_stream
from services.problem.problem import Problem
from services.problem.problems import Problems
from services.problem.rules import Status
from shared.aggregate import Folded
from shared.follower import Fact, Reaction
from shared.ledger import Ledger
from shared.work import Work

_MOST_DUPLICATES = 20
_UNLINKED = "unlinked"
_OVER = {Status.RESOLVED, Status.RISK_ACCEPTED, Status.CANCELLED, Status.DUPLICATE}


class Held(msgspec.Struct):
    """What we read of an incident that was put on hold, or stands on its own and on hold again."""

    problem: UUID | None = None


class LateComers:
    """Answers each by what the problem's own log says at that moment."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._loops = Ledger(problems.store, LOOP)

    def reactions(self) -> Mapping[str, Reaction]:
        """To the incident feed, by type."""
        return {
            "tocsin.incident.held.v1": self.held,
            "tocsin.incident.unmerged.v1": self.unmerged,
        }

    async def held(self, fact: Fact, work: Work) -> None:
        """Nothing, where the problem is still worked on: its end will be told to whoever waits."""
        awaited = fact.read(Held).problem
        if awaited is not None:
            problem = await work.rest_on(self._problems, awaited)
            await self._answer(fact, problem, _outcome(problem.state), work)

    async def unmerged(self, fact: Fact, work: Work) -> None:
        """What became of its problem was told to the incident that spoke for it meanwhile."""
        awaited = fact.read(Held).problem
        if awaited is not None:
            problem = await work.rest_on(self._problems, awaited)
            is_linked = not problem.version or fact.subject in problem.state.incidents
            missed = None if is_linked else _UNLINKED
            await self._answer(fact, problem, _outcome(problem.state) or missed, work)

    async def _answer(
        self, fact: Fact, problem: Folded[Problem], status: str | None, work: Work
    ) -> None:
        if status is None:
            return
        answered = IncidentAnswered(
            problem=problem.stream,
            incident=fact.subject,
            status=status,
            at=work.store.clock(),
            of=await self._survivor(problem.state, work),
        )
        await work.execute(self._loops, loop_stream(problem.stream), answer, answered=answered)

    async def _survivor(self, problem: Problem, work: Work) -> UUID | None:
        """What it is a duplicate of in the end."""
        of = problem.duplicate_of
        for _ in range(_MOST_DUPLICATES):
            further = None if of is None else await work.current(self._problems, of)
            if further is None or further.state.duplicate_of is None:
                break
            of = further.state.duplicate_of
        return of


def _outcome(problem: Problem) -> str | None:
    """What a waiting incident goes by; None where it waits for good reason."""
    if problem.status is Status.CLOSED:
        return "resolved" if problem.resolved_at is not None else "risk_accepted"
    return problem.status.value if problem.status in _OVER else None
