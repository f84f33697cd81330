"""Watches what was fixed: an incident of the same kind says that the fix did not help."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import msgspec

from services.problem import facts
from services.problem.copies import IncidentCopy
from services.problem.facts import FixIneffective, facts_stream
from services.problem.loop.watching import (
    POLICY,
    Fixed,
    Watched,
    WatchRule,
    is_watched,
    rule_of,
)
from services.problem.problem import Problem
from services.problem.problems import Problems
from services.problem.rules import Status
from services.problem.trends.sighting import TRAITS
from shared.aggregate import Folded
from shared.follower import Fact, Reaction
from shared.work import Work

_MOST_WATCHED = 5_000
_REFRESHED_EVERY = 60.0  # seconds: traits of linked incidents may change meanwhile

_NEWEST = """select id, from_position from problems where to_position is null
    order by updated_at desc, id desc limit 1"""
_FIXED = """select p.id, p.resolved_at, p.closed_at, p.incidents,
        p.service, p.item, p.category, p.subcategory,
        coalesce((select jsonb_agg(distinct jsonb_build_array(
                i.service, i.item, i.category, i.subcategory, i.symptom))
            from incident_copies i
            where i.id in (select e::uuid from jsonb_array_elements_text(p.incidents) e)
        ), '[]') as looks
    from problems p where p.to_position is null and p.status = 'closed'
    and p.resolved_at is not null and p.closed_at > $1
    order by p.closed_at desc limit $2"""


class Linked(msgspec.Struct):
    """What we read of an incident that is linked to a problem, or waits for it."""

    kind: str = "problem"
    id: UUID | None = None
    problem: UUID | None = None


class _Loaded(NamedTuple):
    newest: object
    rule: WatchRule
    until: float
    watched: Watched


class Recurrences:
    """Finds the fixed problems that an incident looks like, by what is known at that moment."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._pool = problems.store.pool
        self._loaded: _Loaded | None = None
        self._of_work: WeakKeyDictionary[Work, Watched] = WeakKeyDictionary()

    def reactions(self) -> Mapping[str, Reaction]:
        """To the incident feed, by type; after those that keep copies."""
        by_name: dict[str, Reaction] = {
            "declared": self.seen,
            "categorised": self.seen,
            "linked": self.linked,
            "held": self.linked,
        }
        return {f"tocsin.incident.{name}.v1": each for name, each in by_name.items()}

    async def seen(self, fact: Fact, work: Work) -> None:
        """By what it is like. One that is kept from others is no sign to them."""
        copy = await self._problems.incidents.get(fact.subject, work)
        if copy is None or fact.restricted:
            return
        for each in (await self._watched(work)).matching(copy):
            await self._doubt(each, copy, work)

    async def linked(self, fact: Fact, work: Work) -> None:
        """By the word of whoever links it to a problem that was closed as fixed."""
        told = fact.read(Linked)
        named = told.problem or (told.id if told.kind == "problem" else None)
        if named is None or fact.restricted:
            return
        fixed = _closed_as_fixed(await work.current(self._problems, named))
        copy = await self._problems.incidents.get(fact.subject, work)
        if fixed and copy and is_watched(await self._rule(), fixed, copy):
            await self._doubt(fixed, copy, work)

    async def _doubt(self, fixed: Fixed, copy: IncidentCopy, work: Work) -> None:
        found = FixIneffective(
            problem=fixed.id,
            incident=copy.id,
            number=copy.number,
            at=copy.occurred_at,
            fixed_at=fixed.fixed_at,
        )
        stream = facts_stream(fixed.id)
        await work.execute(self._problems.facts, stream, facts.recur, found=found)

    async def _rule(self) -> WatchRule:
        return rule_of((await self._problems.policies.named(POLICY)).state.document)

    async def _watched(self, work: Work) -> Watched:
        """Asked at most once for each page."""
        if work not in self._of_work:
            self._of_work[work] = await self._newest()
        return self._of_work[work]

    async def _newest(self) -> Watched:
        """Read again only where a problem has changed, or the rule, or after a while."""
        newest, rule, held = await self._pool.fetchrow(_NEWEST), await self._rule(), self._loaded
        now = time.monotonic()
        if held is None or now > held.until or (held.newest, held.rule) != (newest, rule):
            since = self._problems.store.clock() - rule.window
            rows = await self._pool.fetch(_FIXED, since, _MOST_WATCHED)
            watched = Watched(rule, map(_fixed, rows))
            self._loaded = held = _Loaded(newest, rule, now + _REFRESHED_EVERY, watched)
        return held.watched


def _closed_as_fixed(problem: Folded[Problem]) -> Fixed | None:
    state = problem.state
    if state.status is not Status.CLOSED or state.resolved_at is None or state.closed_at is None:
        return None
    return Fixed(id=problem.stream, fixed_at=state.resolved_at, closed_at=state.closed_at)


def _fixed(row: asyncpg.Record) -> Fixed:
    own: dict[str, Any] = {name: row[name] for name in TRAITS if name != "symptom"}
    return Fixed(
        id=row["id"],
        fixed_at=row["resolved_at"],
        closed_at=row["closed_at"],
        incidents=frozenset(map(UUID, row["incidents"])),
        looks=(own, *(dict(zip(TRAITS, look, strict=True)) for look in row["looks"])),
    )
