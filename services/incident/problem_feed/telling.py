"""Tells incidents the news of a problem: a few together with it, many one by one."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.incident.bodies import ReopeningDocument
from services.incident.facts import FACTS, facts_stream, hear_of_problem
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.problem_feed.facts import ProblemMoved, told_until
from services.incident.problem_feed.news import News, fact_of, follow
from services.incident.problem_feed.tables import PROBLEM_NEWS
from services.incident.relations import cascade
from services.incident.rules import Status
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.ledger import Ledger, Order
from shared.restrictions import restricted_among
from shared.work import MOST_STREAMS, Work, settle
from shared.work_list import Step, spread

TELL = "tell-of-problem"

_NEWS = "select told from problem_news where id = $1"
STREAMS_EACH = 2  # its own, and the facts beside it
_MOST_MERGES = 20


class Telling:
    """Carries news to the incidents that they concern."""

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents
        self._facts = Ledger(incidents.store, FACTS)

    async def tell(self, news: News, incidents: Sequence[UUID], work: Work, *, once: UUID) -> None:
        """As part of this work; as a list of this id where they are many."""
        if len(incidents) * STREAMS_EACH > MOST_STREAMS:
            work.row(PROBLEM_NEWS, (once, msgspec.json.encode(news).decode()))
            spread(work, TELL, once, incidents, about=news.problem)
            return
        for each in incidents:
            await self._tell(news, each, work)

    def step(self) -> Step:
        """One incident of such a list; its order names the list."""

        async def tell(order: Order, about: UUID) -> None:
            told = await self._incidents.store.pool.fetchval(_NEWS, order.correlation_id)
            news = msgspec.convert(told, News)

            async def act(work: Work) -> Folded[Incident]:
                await self._tell(news, order.stream, work)
                return await work.current(self._incidents, order.stream)

            try:
                await settle(self._incidents, order, act)
            except NotFound:
                return  # an incident of another log: nobody can tell it

        return tell

    async def _tell(self, news: News, incident: UUID, work: Work) -> None:
        before = await self._standing(incident, work)
        if before is None:
            return
        may_know = await self._may_know(news.problem, before.state)
        is_overtaken = await self._is_overtaken(news, before.stream, work)
        if not is_overtaken and (may_know or news.kind != "linked"):
            await self._follow(news, before, work)
        fact = fact_of(news, before.stream, before.state)
        if fact is not None and may_know:
            stream = facts_stream(before.stream)
            await work.execute(self._facts, stream, hear_of_problem, fact=fact)

    async def link(self, news: News, incidents: Sequence[UUID], work: Work) -> None:
        """Let those that need a problem name it; their timeline says already what it is."""
        for each in incidents:
            before = await self._standing(each, work)
            if before is not None and await self._may_know(news.problem, before.state):
                await self._follow(news, before, work)

    async def _follow(self, news: News, before: Folded[Incident], work: Work) -> None:
        days = await self._close_after_days(news)
        after = await work.execute(
            self._incidents, before.stream, follow, news=news, close_after_days=days
        )
        if after.state.status is Status.RESOLVED and after.version != before.version:
            await cascade.resolved(work, self._incidents, after)

    async def _standing(self, incident: UUID, work: Work) -> Folded[Incident] | None:
        """The incident, or the one that speaks for it since they were merged."""
        for _ in range(_MOST_MERGES):
            held = await work.current(self._incidents, incident)
            if held.version == 0:
                return None
            if held.state.merged_into is None:
                return held
            incident = held.state.merged_into
        return None

    async def _is_overtaken(self, news: News, incident: UUID, work: Work) -> bool:
        """Whether it has heard since that the problem is in another state by now."""
        held = await work.current(self._facts, facts_stream(incident))
        return told_until(ProblemMoved.matter, news.problem, held.state.heard) > news.position

    async def _may_know(self, problem: UUID, incident: Incident) -> bool:
        """What is kept from others is told in no incident that they see."""
        if incident.restriction is not None:
            return True
        pool = self._incidents.store.pool
        return not (await restricted_among(pool, None, [problem])).restricted

    async def _close_after_days(self, news: News) -> int | None:
        if news.status != "resolved":
            return None
        policy = await self._incidents.policies.named("reopening")
        return ReopeningDocument(**(policy.state.document or {})).auto_close_days
