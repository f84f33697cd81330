"""A version of the policy run over the past: its verdicts are recorded beside those there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.incident.clocks.desk import Desk
from services.incident.clocks.view import judgements
from services.incident.facts import FACTS, Fact, Facts, SlaJudged, attach, facts_stream
from shared.aggregate import Aggregate, Folded
from shared.domain import Event, State, event
from shared.errors import Refused, Unavailable
from shared.ledger import Ledger, Order
from shared.store.append import IdempotencyKey
from shared.work import Work
from shared.work_list import Step, spread

RERUN = "sla-rerun"
MOST = 25_000

_TRIES = 8
_LEFT = """select count(*) filter (where refused is null) from work_items where list = $1"""


@event("sla.rerun_begun")
class RerunBegun(Event, frozen=True):
    """Somebody asked what a version of the policy says of these incidents."""

    policy_version: int
    filters: dict[str, Any]
    total: int


class Rerun(State, frozen=True):
    """One run: which version, over how many incidents."""

    policy_version: int = 0
    filters: dict[str, Any] = {}
    total: int = 0


class RerunProgress(msgspec.Struct, kw_only=True):
    """A run, and how many incidents are still to be judged."""

    id: UUID
    policy_version: int
    filters: dict[str, Any]
    total: int
    left: int
    begun_at: datetime | None
    position: int


def begin(rerun: Rerun, /, **told: Any) -> Sequence[RerunBegun]:
    """Begin a run."""
    return [RerunBegun(**told)]


def evolve(rerun: Rerun, event: RerunBegun) -> Rerun:
    """A run after one more event."""
    return Rerun(**event.fields())


RERUNS: Aggregate[Rerun, RerunBegun] = Aggregate("rerun", Rerun(), evolve)


class Reruns(Ledger[Rerun, RerunBegun]):
    """The runs of this service."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.store, RERUNS)
        self._desk = desk

    async def begin(
        self, order: Order, incidents: Sequence[UUID], *, version: int, filters: dict[str, Any]
    ) -> Folded[Rerun]:
        """Let these incidents be judged by this version, one after the other.

        Raises Refused for too many, Invalid for an unknown version, KeyReused, Unavailable.
        """
        if len(incidents) > MOST:
            raise Refused(f"these are more than {MOST:,} incidents: narrow the filters")
        await self._desk.book.refresh(self.store.pool.fetch)
        rules = self._desk.book.version(version, "/policy_version")
        if order.key is not None and (prior := await self.answered(order.key)):
            return prior
        work = Work(self.store, order.actor, correlation_id=order.correlation_id)
        told = {"policy_version": rules.version, "filters": filters, "total": len(incidents)}
        after = await work.execute(self, order.stream, begin, **told)
        spread(work, RERUN, order.stream, incidents, about=self._desk.book.event(version))
        return await self._appended(work, order, after)

    async def progress(self, rerun: Folded[Rerun]) -> RerunProgress:
        """How far a run is."""
        left: int = await self.store.pool.fetchval(_LEFT, rerun.stream)
        return RerunProgress(
            id=rerun.stream,
            policy_version=rerun.state.policy_version,
            filters=rerun.state.filters,
            total=rerun.state.total,
            left=left,
            begun_at=rerun.created_at,
            position=rerun.position,
        )

    async def _appended(self, work: Work, order: Order, after: Folded[Rerun]) -> Folded[Rerun]:
        key = order.key and IdempotencyKey(*order.key, after.stream, after.version, None)
        outcome = (await work.append(key=key)).outcome
        if outcome == "key_taken" and order.key is not None:
            prior = await self.answered(order.key)
            if prior is not None:
                return prior
        if outcome not in ("appended", "already"):
            raise Unavailable("it could not be stored at this moment; try again")
        return await self.current(after.stream)


def step(desk: Desk) -> Step:
    """One incident of a run; `about` is the event that put the version in force."""
    facts: Ledger[Facts, Fact] = Ledger(desk.store, FACTS)

    async def judge(order: Order, about: UUID) -> None:
        await desk.book.refresh(desk.store.pool.fetch)
        version = desk.book.version_of(about).version
        reading = await desk.read(order.stream, desk.store.clock(), version=version)
        judged = SlaJudged(
            rerun=order.correlation_id or order.stream,
            policy_version=version,
            judgements=judgements(reading.clocks, reading.now),
        )
        await _once(facts, order, judged)

    return judge


async def _once(facts: Ledger[Facts, Fact], order: Order, judged: SlaJudged) -> None:
    stream = facts_stream(order.stream)
    for _ in range(_TRIES):
        work = Work(facts.store, order.actor, correlation_id=order.correlation_id)
        after = await work.execute(facts, stream, attach, fact=judged)
        key = order.key and IdempotencyKey(*order.key, stream, after.version, None)
        if (await work.append(key=key)).outcome != "conflict":
            return
    raise Unavailable("others keep recording about this incident at this moment")
