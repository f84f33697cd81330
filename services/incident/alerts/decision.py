"""News of one group of alerts, decided: all that follows from it goes into one unit of work."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.incident.alerts import group as groups
from services.incident.alerts.course import Course, again, course, is_open
from services.incident.alerts.effects import Books, Effects, Rules
from services.incident.alerts.events import (
    AlertStatus,
    Heard,
    Reconsidered,
    Recorded,
    Repeated,
)
from services.incident.alerts.group import AlertGroup
from services.incident.alerts.judgement import MAINTENANCE, Case, Judgement, judge
from services.incident.alerts.news import (
    firing,
    fresh_of,
    is_worth_noting,
    lapsed,
    stands_for,
    told_of,
)
from services.incident.alerts.notification import Notification, lead_of
from services.incident.facts import Decided
from services.incident.incident import Incident
from services.incident.timeline import explained
from shared.aggregate import Folded
from shared.work import Work

Labels = Mapping[str, str]

_SILENT = "The monitor has not told of its alerts for a long time: silenced there, or gone"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a notification; alerts that were told before count as duplicates."""

    outcome: str
    group: UUID | None = None
    incident: UUID | None = None
    number: str | None = None
    status: str | None = None
    declared: int = 0
    attached: int = 0
    withheld: int = 0
    duplicates: int = 0
    reason: str | None = None
    position: int = 0

    def of(self, held: Folded[Incident] | None) -> "Taken":
        """The same, naming the incident it is about."""
        if held is None:
            return self
        number, status = f"INC-{held.state.number}", held.state.status
        return replace(self, incident=held.stream, number=number, status=status)


class Outcome(NamedTuple):
    """What became of it, and the group as it will be."""

    taken: Taken
    group: Folded[AlertGroup]
    decided: Decided | None = None


class _Now(NamedTuple):
    rules: Rules
    group: Folded[AlertGroup]
    held: Folded[Incident] | None

    @property
    def incident(self) -> Incident | None:
        return self.held.state if self.held else None


class _News(NamedTuple):
    """What is decided about: alerts to attach, and those that an incident would be made from."""

    event: Heard | Reconsidered
    told: Notification
    firing: Notification
    reporter: str


class Decision:
    """One attempt; the group, its incident and the policies may not move before its append."""

    def __init__(self, books: Books, work: Work, actor: str) -> None:
        self._at: datetime = work.store.clock()
        self._books = books
        self._effects = Effects(books, work, self._at)
        self._actor = actor

    async def take(self, told: Notification) -> Outcome:
        """Decide about news; nothing is stored yet."""
        now = await self._now(told.stream)
        fresh, heard = fresh_of(told, now.group.state, now.rules.alerts, self._at)
        duplicates = len(told.alerts) - len(fresh.alerts)
        if not fresh.alerts:
            return await self._told_again(told, now)
        labels = fresh.labels(lead_of(fresh.alerts))
        joins = now.rules.alerts.choose(labels).rule.group_window
        window = now.rules.alerts.window
        found = course(now.group.state, heard, now.incident, window, joins)
        judgement = await self._judged(now, groups.evolve(now.group.state, heard), found, labels)
        heard = replace(heard, decided=judgement.decided, beside=judgement.beside)
        news = _News(heard, fresh, fresh, self._actor)
        outcome = await self._follow(now, judgement, news)
        counted = replace(outcome.taken, duplicates=duplicates)
        return outcome._replace(taken=counted)

    async def reconsider(self, stream: UUID) -> Outcome | None:
        """Look again at what was held back; None where nothing is."""
        now = await self._now(stream)
        return None if now.group.state.held_back is None else await self._again(now)

    async def lapse(self, stream: UUID) -> Outcome | None:
        """Let what the monitor is silent about end; None where there is none."""
        now = await self._now(stream)
        before, lapse = now.group.state, now.rules.alerts.lapse
        if lapse is None or before.is_silent:
            return None
        over = lapsed(before, self._at, lapse)
        after = groups.evolve(before, over)
        await self._effects.recover(before, after, now.rules, why=_SILENT)
        group = await self._effects.hear(now.group, over)
        return Outcome(await self._taken("lapsed", now.held, group), group)

    async def _now(self, stream: UUID) -> _Now:
        rules, group = await asyncio.gather(self._effects.rules(), self._effects.group(stream))
        return _Now(rules, group, await self._effects.incident_of(group.state))

    async def _judged(
        self, now: _Now, after: AlertGroup, found: Course, labels: Labels
    ) -> Judgement:
        case = Case(now.group.state, after, now.incident, found, labels, self._at)
        return await judge(now.rules.alerts, now.rules.version, case, self._books.in_maintenance)

    async def _told_again(self, told: Notification, now: _Now) -> Outcome:
        """Nothing new; but it may be time for what was held back, or to note that it still is."""
        group, waits = now.group, now.group.state.held_back
        if waits is not None and waits.because == MAINTENANCE:
            return await self._again(now)
        lapse = now.rules.alerts.lapse if told.repeats else None
        if lapse is not None and is_worth_noting(group.state, self._at, lapse):
            known = tuple(a.fingerprint for a in told.alerts if a.status == AlertStatus.FIRING)
            still = Repeated(fingerprints=known, at=self._at, lapses_at=self._at + lapse)
            group = await self._effects.hear(group, still)
        taken = await self._taken("duplicate", now.held, group, duplicates=len(told.alerts))
        return Outcome(taken, group)

    async def _again(self, now: _Now) -> Outcome:
        group, waiting = now.group.state, await self._effects.waiting(now.group)
        burning = firing(group, waiting.alerts) or [stands_for(group, now.incident)]
        found = _found_again(group, now, self._at)
        told = told_of(group, waiting.alerts)
        made_of = told._replace(alerts=burning, of=now.group.stream)
        judgement = await self._judged(now, group, found, made_of.labels(burning[0]))
        if judgement.decided == group.held_back:
            return Outcome(await self._taken("duplicate", now.held, now.group), now.group)
        looked = Reconsidered(at=self._at, decided=judgement.decided)
        return await self._follow(
            now, judgement, _News(looked, told, made_of, waiting.actor or self._actor)
        )

    async def _follow(self, now: _Now, judgement: Judgement, news: _News) -> Outcome:
        outcome = _OUTCOMES[judgement.course]
        if judgement.course in (Course.WITHHOLD, Course.NOTHING):
            group = await self._effects.hear(now.group, *_recorded(news), news.event)
            taken = await self._taken(outcome, now.held, group, news)
            return Outcome(taken, group, judgement.decided)
        held = await self._incident(now, judgement, news)
        event = replace(news.event, incident=_stands_for(now, judgement, held))
        before, after = now.group.state, groups.evolve(now.group.state, event)
        news = news._replace(told=await self._with_waiting(now, news))
        if news.told.alerts:
            await self._effects.attach(news.told, before, held.stream, judgement.decided)
        if news.told.note is not None:
            await self._effects.note(held.stream, news.told.note)
        if not judgement.holds:
            await self._effects.recover(before, after, now.rules)
        group = await self._effects.hear(now.group, event)
        taken = await self._taken(outcome, held, group, news)
        return Outcome(taken, group, judgement.decided)

    async def _incident(self, now: _Now, judgement: Judgement, news: _News) -> Folded[Incident]:
        if judgement.course is Course.DECLARE or now.held is None:
            chosen = judgement.chosen
            return await self._effects.declare(
                news.firing, news.reporter, chosen, now.rules, now.held
            )
        if judgement.course is Course.REOPEN:
            return await self._effects.reopen(now.held)
        return now.held

    async def _with_waiting(self, now: _Now, news: _News) -> Notification:
        """What was recorded before there was an incident goes to it with the news."""
        if not now.group.state.waits or isinstance(news.event, Reconsidered):
            return news.told
        waiting = await self._effects.waiting(now.group)
        return news.told._replace(alerts=[*waiting.alerts, *news.told.alerts])

    async def _taken(
        self,
        outcome: str,
        held: Folded[Incident] | None,
        group: Folded[AlertGroup],
        news: _News | None = None,
        duplicates: int = 0,
    ) -> Taken:
        decided, told = group.state.held_back, len(news.told.alerts) if news else 0
        taken = Taken(
            outcome=outcome,
            group=group.stream,
            declared=int(outcome == "declared"),
            attached=told if held is not None and outcome in _ATTACHED else 0,
            withheld=told if outcome == "withheld" else 0,
            duplicates=duplicates,
            reason=explained(decided) if decided is not None else None,
        )
        return taken.of(held and await self._effects.current(held.stream))


_OUTCOMES = {
    Course.NOTHING: "heard",
    Course.DECLARE: "declared",
    Course.REOPEN: "reopened",
    Course.ATTACH: "attached",
    Course.WITHHOLD: "withheld",
}
_ATTACHED = frozenset({"declared", "reopened", "attached"})


def _stands_for(now: _Now, judgement: Judgement, held: Folded[Incident]) -> UUID:
    """A group keeps its own incident while that is merged: it comes back when it is unmerged."""
    own = now.group.state.incident
    return held.stream if own is None or judgement.course is Course.DECLARE else own


def _recorded(news: _News) -> list[Recorded]:
    if isinstance(news.event, Reconsidered):
        return []
    return [Recorded(alerts=tuple(news.told.alerts), more=news.told.more)]


def _found_again(group: AlertGroup, now: _Now, at: datetime) -> Course:
    if group.fires and not is_open(now.incident):
        starts = [t.newest_start or at for t in group.alerts.values() if t.fires]
        return again(group, now.incident, min(starts), now.rules.alerts.window)
    return Course.ATTACH if is_open(now.incident) else Course.NOTHING
