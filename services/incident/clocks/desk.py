"""The clocks of incidents as the log tells them, now or at any past moment."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.incident.clocks.book import POLICY, Book
from services.incident.clocks.calendar import micros
from services.incident.clocks.clock import Clock
from services.incident.clocks.fold import RulesAt, fold
from services.incident.clocks.steps import Step, settled, steps_of
from services.incident.facts import facts_stream
from services.incident.incidents import Incidents
from shared.store.reader import Recorded

CLOCKS = "clocks"
"""Among the service's parts, its `Desk`."""


class Reading(NamedTuple):
    """An incident's clocks at a moment, and all that was recorded about it by then."""

    clocks: list[Clock]
    now: int
    events: list[Recorded]
    steps: list[Step]


class Desk:
    """Reads clocks; every instance of the service has one."""

    def __init__(self, incidents: Incidents) -> None:
        self.incidents = incidents
        self.store = incidents.store
        self.book = Book(incidents.policies.stream(POLICY))

    async def read(
        self,
        incident: UUID,
        now: datetime,
        *,
        position: int | None = None,
        effective_at: datetime | None = None,
        version: int | None = None,
    ) -> Reading:
        """The clocks of an incident: as known at a position, as of a moment in the world, or
        under one version of the policy all along. Raises Invalid for an unknown version."""
        await self.book.refresh(self.store.pool.fetch)
        events = await self._events(incident)
        if position is not None:
            events = [each for each in events if each.position <= position]
        steps, moment = steps_of(events), micros(now)
        if effective_at is not None:
            moment = min(moment, micros(effective_at))
            steps = settled(steps, moment)
        return Reading(fold(steps, self.rules_at(version)), moment, events, steps)

    def rules_at(self, version: int | None) -> RulesAt:
        """The rules in force at each position, or one version of them at all of them."""
        if version is None:
            return self.book.at
        rules = self.book.version(version)
        return lambda position: rules

    async def _events(self, incident: UUID) -> list[Recorded]:
        """The incident's own and the machines' facts, in the order of the log."""
        log = self.store.log
        own, facts = await log.stream(incident), await log.stream(facts_stream(incident))
        return sorted((*own, *facts), key=lambda each: each.position)
