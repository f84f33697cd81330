"""Watches incidents for trends as they are told, and raises candidates."""

from uuid import uuid5
from weakref import WeakKeyDictionary

from services.problem import candidate
from services.problem.candidate import Raised
from services.problem.copies import IncidentCopy
from services.problem.problems import Problems
from services.problem.trends import POLICY, TrendRule, rules_of, trend
from shared.work import Work

_OPEN = """select exists (select 1 from candidates where to_position is null and status = 'open'
    and rule = $1 and alike = $2)"""


class Watch:
    """One open candidate a trend at a time; an incident is evidence of one candidate only."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._unstored: WeakKeyDictionary[Work, list[Raised]] = WeakKeyDictionary()

    async def look(self, copy: IncidentCopy, work: Work) -> None:
        """Raise a candidate by the first rule that finds this incident to be one too many."""
        policies = self._problems.policies
        policy = await work.current(policies, policies.stream(POLICY))
        for rule in rules_of(policy.state.document):
            raised = await self._by(rule, policy.version + 1, copy, work)
            if raised is not None:
                self._unstored.setdefault(work, []).append(raised)
                await work.execute(
                    self._problems.candidates,
                    uuid5(raised.matches[0].incident, rule.name),
                    candidate.raise_candidate,
                    raised=raised,
                )
                return

    async def _by(
        self, rule: TrendRule, version: int, copy: IncidentCopy, work: Work
    ) -> Raised | None:
        alike = rule.alike(copy)
        if alike is None or await self._is_open(rule.name, alike, work):
            return None
        found = await self._problems.incidents.alike(alike, copy.occurred_at, rule.window, work)
        used = {m.incident for raised in self._unstored.get(work, ()) for m in raised.matches}
        return trend(rule, version, alike, [each for each in found if each.id not in used])

    async def _is_open(self, rule: str, alike: dict[str, str], work: Work) -> bool:
        if any(r.rule == rule and r.alike == alike for r in self._unstored.get(work, ())):
            return True
        return bool(await self._problems.store.pool.fetchval(_OPEN, rule, alike))
