"""The watch over the feed as it comes: one fold, kept in step with what is stored.

The sightings of a page of facts are folded right before the page is stored, and what follows is
stored with them. If that fails, or another instance has gone on meanwhile, the fold is made anew
of what is stored: the incidents seen last, the evidence, the candidates that still matter.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg

from services.problem import candidate
from services.problem.candidate import Match, Raised
from services.problem.problems import Problems
from services.problem.trends import journal
from services.problem.trends.fold import LOOKS_BACK, MOST_OPEN, Fold, Found, Joined
from services.problem.trends.group import MOST_MATCHES, Episode
from services.problem.trends.rules import POLICY, TrendRule, rules_of
from services.problem.trends.sighting import Sighting, microseconds
from services.problem.trends.tables import SIGHTINGS
from shared.work import Work

_STATE = """select (select coalesce(max(position), 0) from trend_sightings) as seen,
    (select position from log) as log,
    array(select id from candidates
          where to_position is null and from_position > $1 and status <> 'open') as decided"""
_EPISODES = """select id, alike, window_from, window_until, size, symptom, status = 'open'
    from candidates where to_position is null and rule = $1
    and (status = 'open' or size >= $2) order by created_at desc, raised_by desc limit $3"""
_EVIDENCE = """select c.rule, m.incident from candidate_matches m
    join candidates c on c.id = m.candidate and c.to_position is null
    where c.rule = any($1::text[]) and (m.position > $2 or m.position = 0)"""


class _Place(NamedTuple):
    """Up to where the fold has come: in the feed, in our own log, by which rules."""

    seen: int
    log: int
    version: int


class Watch:
    """Raises candidates as incidents are told."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._pages: WeakKeyDictionary[Work, list[Sighting]] = WeakKeyDictionary()
        self._fold = Fold(())
        self._place = _Place(-1, -1, -1)

    def sighted(self, sighting: Sighting, work: Work) -> None:
        """Keep it with the facts of this work, and let the rules look at it."""
        page = self._pages.get(work)
        if page is None:
            page = self._pages[work] = []
            work.finally_do(partial(self._judge, page, work))
        page.append(sighting)
        work.row(SIGHTINGS, journal.row_of(sighting))

    async def _judge(self, page: Sequence[Sighting], work: Work) -> None:
        fold, place = await self._in_step()
        self._place = _Place(-1, -1, -1)  # until all of it has been folded
        found: list[Found] = []
        joined: dict[UUID, list[Match]] = {}
        for outcome in (each for s in page if not s.quiet for each in fold.take(s)):
            if isinstance(outcome, Joined):
                joined.setdefault(outcome.candidate, []).append(match_of(outcome.match))
            else:
                found.append(outcome)
        await self._store(found, joined, place.version, work)
        seen = max(sighting.position for sighting in page)
        if seen > place.seen:  # else it cannot be told later whether this page was stored
            self._place = place._replace(seen=seen)

    async def _store(
        self,
        found: Sequence[Found],
        joined: dict[UUID, list[Match]],
        version: int,
        work: Work,
    ) -> None:
        candidates = self._problems.candidates
        await work.look(candidates, [*{each.candidate for each in found} | joined.keys()])
        for each in found:
            raised = raised_by(each, version)
            command = candidate.raise_candidate
            await work.execute(candidates, each.candidate, command, raised=raised)
        for id, matches in joined.items():
            await work.execute(candidates, id, candidate.join, matches=matches)

    async def _in_step(self) -> tuple[Fold, _Place]:
        """The fold as what is stored has it, what people have decided included."""
        policies, pool = self._problems.policies, self._problems.store.pool
        policy = await policies.named(POLICY, fresh=True)
        state = await pool.fetchrow(_STATE, self._place.log)
        place = _Place(state["seen"], state["log"], policy.version + 1)
        if (place.seen, place.version) != (self._place.seen, self._place.version):
            self._fold = await _made_anew(pool, rules_of(policy.state.document), place)
        else:
            for decided in state["decided"]:
                self._fold.decide(decided)
        return self._fold, place


async def _made_anew(pool: asyncpg.Pool, rules: Sequence[TrendRule], place: _Place) -> Fold:
    fold, oldest = Fold(rules), place.seen - LOOKS_BACK
    if not fold.watches:
        return fold
    for watch in fold.watches:
        rows = await pool.fetch(_EPISODES, watch.rule.name, MOST_MATCHES, 2 * MOST_OPEN)
        for row in reversed(rows):
            watch.resume(_episode(row, watch.rule))
    evidence: dict[str, set[UUID]] = {watch.rule.name: set() for watch in fold.watches}
    for rule, incident in await pool.fetch(_EVIDENCE, list(evidence), oldest):
        evidence[rule].add(incident)
    watches = [(watch, evidence[watch.rule.name]) for watch in fold.watches]
    async for sighting in journal.newest(pool, oldest, place.seen):
        for watch, used in watches:
            watch.adopt(sighting, is_evidence=sighting.incident in used)
    return fold


def _episode(row: asyncpg.Record, rule: TrendRule) -> Episode:
    id, alike, start, end, size, symptom, is_open = row
    key = tuple(alike.get(name, "") for name in rule.same)
    episode = Episode(id, key, microseconds(start), microseconds(end), size)
    episode.symptom, episode.is_open = symptom, is_open
    return episode


def raised_by(found: Found, version: int) -> Raised:
    """The event that tells of a trend; the evidence in the order in which it happened."""
    return Raised(
        rule=found.rule.name,
        rule_version=version,
        window_from=found.matches[0].at,
        window_until=found.matches[-1].at,
        alike=dict(zip(found.rule.same, found.key, strict=True)),
        matches=tuple(map(match_of, found.matches)),
        like=None if found.rule.similar is None else found.raised_by.incident,
        raised_by=found.raised_by.position,
    )


def match_of(sighting: Sighting) -> Match:
    """An incident as evidence."""
    return Match(
        incident=sighting.incident,
        number=sighting.number,
        title=sighting.title,
        event=sighting.event,
        at=sighting.at,
        position=sighting.position,
    )
