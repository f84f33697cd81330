"""The regulators' clocks of an incident as the log tells them, now or at any past moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.incident.facts import Told, facts_stream
from services.incident.incidents import Incidents
from services.incident.regulators.deadlines import Deadline, deadlines
from services.incident.regulators.events import RegulatoryRecorded, record_of
from services.incident.regulators.regimes import Regulators, regulators_of
from services.incident.regulators.warnings import RegulatoryOverdue, RegulatoryWarned
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.policy import Policy
from shared.store.reader import Recorded

POLICY = "regulators"
DESK = "regulators' clocks"
"""Among the service's parts, its `RegulatorsDesk`."""


_RECORDS = {RegulatoryRecorded.topic}
_WARNINGS = {RegulatoryWarned.topic, RegulatoryOverdue.topic}
_TOLD = {Told.topic}


class RegulatorReading(NamedTuple):
    """The deadlines at a moment, and the events behind them: `records` by their number."""

    deadlines: Sequence[Deadline]
    records: dict[int, Recorded]
    warnings: Sequence[Recorded]
    told: Sequence[Recorded]
    version: int
    now: datetime


class RegulatorsDesk:
    """Reads them; the policy in force is compiled once."""

    def __init__(self, incidents: Incidents) -> None:
        self.incidents = incidents
        self.store = incidents.store
        self._newest = regulators_of(None, 1)

    async def in_force(self, position: int | None = None) -> Regulators:
        """The regimes that were in force at a position, or are now."""
        found = await self.incidents.policies.named(POLICY, fresh=True, position=position)
        if position is not None:
            return _compiled(found)
        if found.version + 1 != self._newest.version:
            self._newest = _compiled(found)
        return self._newest

    async def read(
        self,
        incident: UUID,
        now: datetime,
        *,
        position: int | None = None,
        until: datetime | None = None,
    ) -> RegulatorReading:
        """As known at a position, of what had happened by then."""
        log = self.store.log
        own, facts = await log.stream(incident), await log.stream(facts_stream(incident))
        if position is not None:
            own, facts = _by(own, position), _by(facts, position)
        if not own:
            raise NotFound("there was no such incident then")
        return reading_of((*own, *facts), await self.in_force(position), now, until)


def reading_of(
    events: Sequence[Recorded],
    regulators: Regulators,
    now: datetime,
    until: datetime | None = None,
) -> RegulatorReading:
    """The deadlines that follow from these events of an incident; none without a record."""
    recorded, warned, told = (
        [each for each in events if each.topic in topics] for topics in (_RECORDS, _WARNINGS, _TOLD)
    )
    stated = {
        event.record: (event, each)
        for each in recorded
        if isinstance(event := each.event, RegulatoryRecorded)
    }
    moment = now if until is None else min(now, until)
    held = [record_of(event) for event, _ in stated.values()]
    return RegulatorReading(
        deadlines(held, regulators, moment, until) if held else (),
        {record: each for record, (_, each) in stated.items()},
        warned,
        told if warned else (),
        regulators.version,
        moment,
    )


def _compiled(found: Folded[Policy]) -> Regulators:
    return regulators_of(found.state.document, found.version + 1)


def _by(events: Sequence[Recorded], position: int) -> list[Recorded]:
    return [each for each in events if each.position <= position]
