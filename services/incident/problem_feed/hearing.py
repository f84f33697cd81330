"""What this service does about facts of problems."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from services.incident.facts import FACTS, ProblemRaised, attach, facts_stream
from services.incident.incidents import Incidents
from services.incident.problem_feed.copies import Copies, ProblemCopy
from services.incident.problem_feed.news import Kind, News
from services.incident.problem_feed.telling import STREAMS_EACH, Telling
from shared.follower import Fact, Reaction, hears_history
from shared.ledger import Ledger
from shared.restrictions import DERIVED
from shared.work import MOST_STREAMS, Work

_STATUS_AFTER = {
    "assessed": "assessing",
    "confirmed": "root_cause_analysis",
    "fix_planned": "fix_in_progress",
    "fix_rejected": "fix_in_progress",
    "closed": "closed",
}
_TOLD_AFTER = {
    "resolved": "resolved",
    "risk_accepted": "risk_accepted",
    "cancelled": "cancelled",
    "marked_duplicate": "duplicate",
    "reanalysis_begun": "root_cause_analysis",
}
"""What the linked incidents are told of."""


class Told(msgspec.Struct):
    """What we read of a fact of a problem, as far as it says so."""

    number: str = ""
    title: str = ""
    incidents: list[UUID] = []
    incident: UUID | None = None
    problem: UUID | None = None
    raised_from: UUID | None = None
    hold: bool = False
    status: str = ""
    at: datetime | None = None
    of: UUID | None = None
    review_date: date | None = None
    revision: int = 0
    helped: bool | None = None


class Hearing:
    """Keeps copies of problems, and tells their incidents."""

    def __init__(self, incidents: Incidents) -> None:
        self._copies = Copies(incidents.store)
        self._facts = Ledger(incidents.store, FACTS)
        self._telling = Telling(incidents)

    def reactions(self) -> Mapping[str, Reaction]:
        """To facts of problems, by type."""
        by_name: dict[str, Reaction] = {
            "problem.logged": self.logged,
            "problem.status_stated": self.stated,
            "problem.incident_linked": self.linked,
            "problem.incident_unlinked": self.unlinked,
            "problem.duplicate_taken_over": self.taken_over,
            "problem.incident_answered": self.answered,
            "problem.workaround_published": self.offered,
            "problem.workaround_withdrawn": self.withdrawn,
            "problem.workaround_used": self.used,
            "problem.fix_ineffective": self.recurred,
        }
        by_name |= {f"problem.{n}": self.turned(status) for n, status in _STATUS_AFTER.items()}
        by_name |= {f"problem.{n}": self.moved(status) for n, status in _TOLD_AFTER.items()}
        return {f"tocsin.{name}.v1": reaction for name, reaction in by_name.items()}

    @hears_history
    async def logged(self, fact: Fact, work: Work) -> None:
        """Keep a copy; its incidents are told, and wait for it if that was asked for."""
        told = fact.read(Told)
        copy = ProblemCopy(
            id=fact.subject,
            number=told.number,
            title=told.title,
            position=fact.position,
            status="new",
        )
        self._copies.put(copy, work)
        if told.raised_from is not None:
            work.row(DERIVED, (fact.subject, f'["{told.raised_from}"]'))
        if fact.is_quiet:
            return
        await self._raised(copy, fact, told.incidents, work)
        if told.hold:
            await self._tell("hold", copy, fact, told.incidents, work)

    async def _raised(
        self, copy: ProblemCopy, fact: Fact, incidents: Sequence[UUID], work: Work
    ) -> None:
        if len(incidents) * STREAMS_EACH > MOST_STREAMS:
            await self._tell("linked", copy, fact, incidents, work)
            return
        raised = ProblemRaised(problem=copy.id, number=copy.number, title=copy.title)
        for each in incidents:
            await work.execute(self._facts, facts_stream(each), attach, fact=raised)
        linked = News(
            kind="linked",
            problem=copy.id,
            number=copy.number,
            title=copy.title,
            position=fact.position,
            at=fact.time,
        )
        await self._telling.link(linked, incidents, work)

    def turned(self, status: str) -> Reaction:
        """It is in another status, of which nobody is told."""

        @hears_history
        async def react(fact: Fact, work: Work) -> None:
            await self._changed(fact.subject, work, status=status)

        return react

    @hears_history
    async def stated(self, fact: Fact, work: Work) -> None:
        """Another system's record says so."""
        await self._changed(fact.subject, work, status=fact.read(Told).status)

    def moved(self, status: str) -> Reaction:
        """It has ended in some way, or begins anew: its incidents go on accordingly."""

        @hears_history
        async def react(fact: Fact, work: Work) -> None:
            told = fact.read(Told)
            copy = await self._changed(fact.subject, work, status=status, duplicate_of=told.of)
            if copy is not None:
                await self._tell("moved", copy, fact, told.incidents, work, status=status)

        return react

    async def answered(self, fact: Fact, work: Work) -> None:
        """An incident began to wait when there was nothing to wait for any more."""
        told = fact.read(Told)
        copy = await self._copies.problem(told.problem or fact.subject, work)
        if copy is not None and told.incident is not None:
            kind: Kind = "unlinked" if told.status == "unlinked" else "moved"
            await self._tell(kind, copy, fact, [told.incident], work, status=told.status)

    async def linked(self, fact: Fact, work: Work) -> None:
        """One more incident has this problem behind it; it learns what helps meanwhile."""
        told = fact.read(Told)
        await self._linked(fact, [] if told.incident is None else [told.incident], work)

    async def taken_over(self, fact: Fact, work: Work) -> None:
        """Those of a duplicate."""
        await self._linked(fact, fact.read(Told).incidents, work)

    async def unlinked(self, fact: Fact, work: Work) -> None:
        """It was not behind it after all."""
        told, copy = fact.read(Told), await self._copies.problem(fact.subject, work)
        if copy is not None and told.incident is not None:
            await self._tell("unlinked", copy, fact, [told.incident], work)

    @hears_history
    async def offered(self, fact: Fact, work: Work) -> None:
        """What helps meanwhile reaches whoever works on a linked incident."""
        told = fact.read(Told)
        copy = await self._changed(fact.subject, work, workaround=told.revision)
        if copy is not None:
            await self._tell("offered", copy, fact, told.incidents, work, revision=told.revision)

    @hears_history
    async def withdrawn(self, fact: Fact, work: Work) -> None:
        """And so does that it does not help."""
        told = fact.read(Told)
        copy = await self._changed(fact.subject, work, workaround=None)
        if copy is not None:
            await self._tell("withdrawn", copy, fact, told.incidents, work, revision=told.revision)

    async def used(self, fact: Fact, work: Work) -> None:
        """Somebody has tried it on an incident."""
        told = fact.read(Told)
        copy = await self._copies.problem(told.problem or fact.subject, work)
        if copy is not None and told.incident is not None:
            more = {"revision": told.revision, "helped": told.helped}
            await self._tell("used", copy, fact, [told.incident], work, **more)

    async def recurred(self, fact: Fact, work: Work) -> None:
        """An incident is of the kind that the problem's fix was to end."""
        told = fact.read(Told)
        copy = await self._copies.problem(told.problem or fact.subject, work)
        if copy is not None and told.incident is not None:
            await self._tell("recurred", copy, fact, [told.incident], work)

    async def _linked(self, fact: Fact, incidents: Sequence[UUID], work: Work) -> None:
        copy = await self._copies.problem(fact.subject, work)
        if copy is None:
            return
        await self._tell("linked", copy, fact, incidents, work)
        if copy.workaround is not None:
            await self._tell("offered", copy, fact, incidents, work, revision=copy.workaround)

    async def _changed(self, problem: UUID, work: Work, **fields: Any) -> ProblemCopy | None:
        held = await self._copies.problem(problem, work)
        if held is None:
            return None
        copy = msgspec.structs.replace(held, **fields)
        self._copies.put(copy, work)
        return copy

    async def _tell(
        self,
        kind: Kind,
        copy: ProblemCopy,
        fact: Fact,
        incidents: Sequence[UUID],
        work: Work,
        **more: Any,
    ) -> None:
        if fact.is_quiet or not incidents:
            return
        told = fact.read(Told)
        other = None if told.of is None else await self._copies.problem(told.of, work)
        news = News(
            kind=kind,
            problem=copy.id,
            number=copy.number,
            title=copy.title,
            position=fact.position,
            at=told.at or fact.time,
            of=told.of,
            of_number=None if other is None else other.number,
            review_date=told.review_date,
            **more,
        )
        await self._telling.tell(news, incidents, work, once=uuid5(fact.id, kind))
