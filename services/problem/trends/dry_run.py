"""A rule tried over all history: the candidates it would have raised, had it been active.

The same fold over the same sightings as the live watch, page by page: what is held at a time is
one page and what the rule remembers. Nobody decides anything in a dry run, and nothing is stored.
"""

import asyncio
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.problem.trends import journal
from services.problem.trends.fold import Found, RuleWatch
from services.problem.trends.rules import TrendRule
from services.problem.trends.sighting import Sighting

MOST_SECONDS = 20.0


class Span(NamedTuple):
    """Which history: up to a position of the feed, imported incidents or only our own."""

    until: int
    imported: bool


class Trial:
    """A candidate that would have been raised, with all that would have joined it."""

    __slots__ = ("found", "matches")

    def __init__(self, found: Found) -> None:
        self.found = found
        self.matches = list(found.matches)


class DryRun:
    """One rule over one span, as far as it has come."""

    def __init__(self, rule: TrendRule) -> None:
        self.trials: dict[UUID, Trial] = {}
        self.scanned = 0  # sightings
        self.position = 0  # of the last one
        self.is_complete = False
        self._watch = RuleWatch(rule)

    @property
    def was_held_back(self) -> bool:
        """Whether it raised no more because too many were open."""
        return self._watch.held_back

    def take(self, sighting: Sighting) -> None:
        """The next sighting."""
        self.scanned += 1
        self.position = sighting.position
        outcome = self._watch.take(sighting)
        if isinstance(outcome, Found):
            self.trials[outcome.candidate] = Trial(outcome)
        elif outcome is not None:
            self.trials[outcome.candidate].matches.append(outcome.match)

    async def over(self, pool: asyncpg.Pool, span: Span, seconds: float = MOST_SECONDS) -> None:
        """All of the span, or as much of it as there is time for."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async for page in journal.told(pool, 0, span.until, imported=span.imported):
            for sighting in page:
                self.take(sighting)
            if loop.time() > deadline:
                return
        self.is_complete = True
