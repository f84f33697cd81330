"""What this service does about facts of incidents, and about its own timers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

import msgspec

from services.problem import facts, investigation
from services.problem.copies import IncidentCopy
from services.problem.facts import REVIEW_AGAIN, FactEvent, Facts, facts_stream
from services.problem.investigation import can_be_linked
from services.problem.problems import MATRIX, RISK_REVIEW, Problems
from services.problem.trends.text import symptom_of
from shared.errors import Unavailable
from shared.follower import Fact, Reaction, hears_history
from shared.policy import set_policy
from shared.timers import Handler
from shared.work import Work

P = ParamSpec("P")

_STATUS_AFTER = {
    "resolved": "resolved",
    "reopened": "open",
    "closed": "closed",
    "cancelled": "cancelled",
    "merged": "merged",
}


class Declared(msgspec.Struct):
    """What we read of an incident's first fact."""

    number: str
    title: str
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    impact: int | None = None
    urgency: int | None = None
    started_at: datetime | None = None
    detected_at: datetime | None = None


class Categorised(msgspec.Struct):
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None


class Prioritised(msgspec.Struct):
    impact: int | None
    urgency: int | None


class Held(msgspec.Struct):
    problem: UUID | None = None


class Unmerged(msgspec.Struct):
    status: str


class Linked(msgspec.Struct):
    kind: str
    id: UUID | None = None


class PolicyTold(msgspec.Struct):
    name: str
    document: dict[str, Any]


class Incidents:
    """Copies what their service tells, and links what waits for a problem."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._copies = problems.incidents

    @hears_history
    async def declared(self, fact: Fact, work: Work) -> None:
        told = fact.read(Declared)
        copy = IncidentCopy(
            id=fact.subject,
            number=told.number,
            title=told.title,
            symptom=symptom_of(told.title),
            status="open",
            service=told.service,
            item=told.item,
            category=told.category,
            subcategory=told.subcategory,
            impact=told.impact,
            urgency=told.urgency,
            occurred_at=told.started_at or told.detected_at or fact.happened_at or fact.time,
            event=fact.id,
            imported=fact.is_quiet,
        )
        self._copies.put(copy, work)

    @hears_history
    async def categorised(self, fact: Fact, work: Work) -> None:
        told = msgspec.structs.asdict(fact.read(Categorised))
        await self._change(fact, work, event=fact.id, **told)

    @hears_history
    async def prioritised(self, fact: Fact, work: Work) -> None:
        told = fact.read(Prioritised)
        await self._change(fact, work, impact=told.impact, urgency=told.urgency)

    async def held(self, fact: Fact, work: Work) -> None:
        """An incident that waits for a problem is linked to it."""
        problem = fact.read(Held).problem
        if problem is not None:
            await self._link(problem, fact, work)

    async def linked(self, fact: Fact, work: Work) -> None:
        """So is one that somebody links to a problem over there."""
        told = fact.read(Linked)
        if told.kind == "problem" and told.id is not None:
            await self._link(told.id, fact, work)

    @hears_history
    async def unmerged(self, fact: Fact, work: Work) -> None:
        """It is what it was before."""
        status = fact.read(Unmerged).status
        await self._change(fact, work, status="resolved" if status == "resolved" else "open")

    async def _link(self, problem: UUID, fact: Fact, work: Work) -> None:
        known = await work.current(self._problems, problem)
        if can_be_linked(known.state):
            link = investigation.link_incident
            await work.execute(self._problems, problem, link, incident=fact.subject)

    def turned(self, status: str) -> Reaction:
        @hears_history
        async def change(fact: Fact, work: Work) -> None:
            await self._change(fact, work, status=status)

        return change

    async def policy_set(self, fact: Fact, work: Work) -> None:
        """One organisation has one priority matrix."""
        told = fact.read(PolicyTold)
        if told.name == MATRIX:
            policies = self._problems.policies
            stream = policies.stream(MATRIX)
            await work.execute(policies, stream, set_policy, name=told.name, document=told.document)

    async def _change(self, fact: Fact, work: Work, **fields: Any) -> IncidentCopy | None:
        held = await self._copies.get(fact.subject, work)
        if held is None:
            return None
        copy = msgspec.structs.replace(held, **fields)
        self._copies.put(copy, work)
        return copy


def from_incidents(problems: Problems) -> Mapping[str, Reaction]:
    """Reactions to the incident feed, by type."""
    incidents = Incidents(problems)
    reactions = {
        "incident.declared": incidents.declared,
        "incident.categorised": incidents.categorised,
        "incident.prioritised": incidents.prioritised,
        "incident.held": incidents.held,
        "incident.linked": incidents.linked,
        "incident.unmerged": incidents.unmerged,
        "policy.set": incidents.policy_set,
    } | {f"incident.{name}": incidents.turned(status) for name, status in _STATUS_AFTER.items()}
    return {f"tocsin.{topic}.v1": reaction for topic, reaction in reactions.items()}


def timers(problems: Problems) -> Mapping[str, Handler]:
    """What rings in this service."""

    async def remind(stream: UUID) -> None:
        risk = (await problems.current(stream)).state.risk
        if risk is None:
            return
        beside, day = facts_stream(stream), risk.review_date
        await _recorded(problems, beside, facts.remind, problem=stream, review_date=day)

    async def again(stream: UUID) -> None:
        held = await problems.facts.current(stream)
        if held.state.problem is None:
            return
        risk = (await problems.current(held.state.problem)).state.risk
        day = None if risk is None else risk.review_date
        await _recorded(problems, stream, facts.remind_again, review_date=day)

    return {RISK_REVIEW: remind, REVIEW_AGAIN: again}


async def _recorded(
    problems: Problems,
    stream: UUID,
    command: Callable[Concatenate[Facts, P], Sequence[FactEvent]],
    *args: P.args,
    **told: P.kwargs,
) -> None:
    work = Work(problems.store, "system:risk-review")
    await work.execute(problems.facts, stream, command, *args, **told)
    if not work.is_empty and (await work.append()).outcome == "conflict":
        raise Unavailable("somebody else has just done it")
