"""What of the recorded holds: the origins of one regime's clocks, at a moment in the world."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.incident.regulators.events import RegulatoryFact, RegulatoryRecord


class Run(NamedTuple):
    """What was recorded since it last was not so: empty where it is not so, or never was."""

    records: Sequence[RegulatoryRecord]
    ended: RegulatoryRecord | None = None  # the retraction that came last

    @property
    def first(self) -> RegulatoryRecord | None:
        """What it began with."""
        return self.records[0] if self.records else None

    @property
    def latest(self) -> RegulatoryRecord | None:
        """What came last."""
        return self.records[-1] if self.records else None


class Origins:
    """What was recorded for one regime, in the world's order, without what was replaced."""

    def __init__(
        self, records: Sequence[RegulatoryRecord], regime: str, until: datetime | None = None
    ) -> None:
        replaced = {each.replaces for each in records}
        standing = [each for each in records if each.record not in replaced]
        if until is not None:
            standing = [each for each in standing if each.at <= until]
        self._regime = regime
        self._records = sorted(standing, key=lambda each: (each.at, each.record))

    def of(self, fact: RegulatoryFact) -> Run:
        """What holds of this fact; said of this regime alone, it counts before what is general."""
        said = [each for each in self._records if each.fact is fact]
        own = [each for each in said if each.regime == self._regime]
        return _run(own or [each for each in said if each.regime is None])

    def submitted(self, report: str, since: RegulatoryRecord | None = None) -> Run:
        """The submissions of a report that count: not those before a retraction of its origin."""
        told = (RegulatoryFact.REPORT_SUBMITTED, self._regime, report)
        said = [each for each in self._records if (each.fact, each.regime, each.report) == told]
        if since is not None:
            said = [each for each in said if each.at > since.at]
        return _run(said)


def _run(records: Sequence[RegulatoryRecord]) -> Run:
    """From the last retraction on."""
    places = [place for place, each in enumerate(records) if each.retracted]
    if not places:
        return Run(records)
    return Run(records[places[-1] + 1 :], records[places[-1]])
