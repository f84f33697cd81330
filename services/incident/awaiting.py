"""Incidents that wait for a problem, and what becomes of them when it is resolved."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.events import HoldReason, IncidentEvent, ResolutionCode, Resolved
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.relations import cascade
from services.incident.rules import Status
from shared.aggregate import Folded
from shared.follower import Fact, Reaction
from shared.ledger import Order
from shared.work import MOST_STREAMS, Work, settle
from shared.work_list import Step, spread

RESOLVE = "resolve-by-problem"


class ProblemResolved(msgspec.Struct):
    """What we read of a problem's resolution."""

    incidents: list[UUID]
    at: datetime


def resolve_by_problem(
    incident: Incident, *, problem: UUID, at: datetime
) -> Sequence[IncidentEvent]:
    """Resolve it if it waits for this problem, and only then."""
    waits = (Status.ON_HOLD, HoldReason.AWAITING_PROBLEM, problem)
    if (incident.status, incident.hold_reason, incident.problem) != waits:
        return []
    summary = "The problem it waited for is resolved."
    return [Resolved(code=ResolutionCode.BY_PROBLEM, summary=summary, at=at)]


def on_resolution(incidents: Incidents) -> Reaction:
    """Resolve what waits: together with the fact, or piece by piece where there are many."""

    async def resolved(fact: Fact, work: Work) -> None:
        told = fact.read(ProblemResolved)
        if len(told.incidents) > MOST_STREAMS:
            spread(work, RESOLVE, fact.id, told.incidents, about=fact.subject)
            return
        for each in told.incidents:
            before = await work.current(incidents, each)
            after = await work.execute(
                incidents, each, resolve_by_problem, problem=fact.subject, at=told.at
            )
            if after.version != before.version:
                await cascade.resolved(work, incidents, after)

    return resolved


def step(incidents: Incidents) -> Step:
    """One incident of a list that is too long for one append."""

    async def resolve(order: Order, problem: UUID) -> None:
        now = incidents.store.clock()

        async def act(work: Work) -> Folded[Incident]:
            before = await work.current(incidents, order.stream)
            after = await work.execute(
                incidents, order.stream, resolve_by_problem, problem=problem, at=now
            )
            if after.version != before.version:
                await cascade.resolved(work, incidents, after)
            return after

        await settle(incidents, order, act)

    return resolve
