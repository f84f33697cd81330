"""When which report is due: a pure function of what was recorded, the regimes and the moment.

Each deadline says what it rests on, step by step. An origin holds from the first time it was
recorded on, until it is retracted; recorded once more after that, it begins anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.incident.regulators.documents import Limit, ReportDocument
from services.incident.regulators.events import RegulatoryFact, RegulatoryRecord
from services.incident.regulators.origins import Origins, Run
from services.incident.regulators.regimes import Regime, Regulators


class Standing(StrEnum):
    """How a report stands."""

    AWAITING = "awaiting"  # what it is due after has not been recorded
    PROVISIONAL = "provisional"  # due so, at the latest, if what it awaits comes by then
    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    SUBMITTED_LATE = "submitted_late"
    LIFTED = "lifted"  # what it is due after was retracted


class Step(NamedTuple):
    """One step to a deadline: the rule, the record it rests on, and when it leads to."""

    rule: str
    record: RegulatoryRecord | None = None
    gives: datetime | None = None


class Deadline(NamedTuple):
    """A report of a regime, at a moment."""

    regime: str
    report: str
    title: str | None
    standing: Standing
    steps: Sequence[Step]
    due: datetime | None = None
    began: datetime | None = None
    submitted: RegulatoryRecord | None = None
    awaits: Sequence[str] = ()
    warn_at: float = 0.75

    @property
    def warning(self) -> datetime | None:
        """When most of the time has passed."""
        if self.due is None or self.began is None or self.due <= self.began:
            return self.due
        return self.began + (self.due - self.began) * self.warn_at

    @property
    def is_open(self) -> bool:
        """Whether the regulator waits for it, or will."""
        return self.standing in (Standing.RUNNING, Standing.OVERDUE)


def deadlines(
    records: Sequence[RegulatoryRecord],
    regulators: Regulators,
    now: datetime,
    until: datetime | None = None,
) -> list[Deadline]:
    """Of every report of the regimes that apply; `until` leaves out what came later."""
    return [
        _Report(regime, report, Origins(records, regime.document.name, until)).at(now)
        for regime in regulators.regimes
        if regime.document.applies
        for report in regime.document.reports
    ]


class _Report:
    """A report, with what was recorded."""

    def __init__(self, regime: Regime, report: ReportDocument, origins: Origins) -> None:
        self._regime = regime
        self._report = report
        self._origins = origins
        self._needed = {name: origins.of(RegulatoryFact(name)) for name in _needed_by(report)}
        ends = [run.ended for run in self._needed.values() if run.ended is not None]
        self._since = max(ends, key=lambda each: each.at, default=None)

    def at(self, now: datetime) -> Deadline:
        """How it stands."""
        lacking = [name for name, run in self._needed.items() if run.first is None]
        origin = self._origin(self._report.within)
        if any(self._needed[name].ended is not None for name in lacking):
            return self._told(Standing.LIFTED, [_lifted(self._needed[lacking[0]], lacking[0])])
        if origin is None and self._report.within.report is not None:
            lacking.append(f"report_submitted:{self._report.within.report}")
        submitted = self._origins.submitted(self._report.name, self._since).first
        if lacking or origin is None:
            return self._awaited(lacking, submitted, now)
        return self._due(origin, submitted, now)

    def _origin(self, limit: Limit) -> RegulatoryRecord | None:
        if limit.report is None:
            return self._origins.of(RegulatoryFact(limit.after)).first
        run = self._origins.submitted(limit.report, self._since)
        return run.first if limit.after == "first_report" else run.latest

    def _awaited(
        self, lacking: Sequence[str], submitted: RegulatoryRecord | None, now: datetime
    ) -> Deadline:
        """Not to be counted yet; what it is due by at the latest may be known already."""
        waits = [Step(f"{name.replace('_', ' ')} is not recorded yet") for name in lacking]
        if submitted is not None:  # ahead of what it would have been due after
            return self._told(Standing.MET, waits, submitted=submitted, awaits=lacking)
        steps = self._at_most()
        known = steps[-1].gives if steps and lacking == [self._report.within.after] else None
        if known is None or steps[0].record is None or known < now:
            return self._told(Standing.AWAITING, waits, awaits=lacking)
        began = steps[0].record.at
        return self._told(
            Standing.PROVISIONAL, [*waits, *steps], due=known, began=began, awaits=lacking
        )

    def _at_most(self) -> list[Step]:
        limit = self._report.at_most
        origin = self._origin(limit) if limit is not None else None
        if limit is None or origin is None:
            return []
        end = self._regime.end_of(limit, origin.at)
        return self._moved([Step(f"at most {_worded(limit)}", origin, end)])

    def _due(
        self, origin: RegulatoryRecord, submitted: RegulatoryRecord | None, now: datetime
    ) -> Deadline:
        within = self._report.within
        steps = [Step(_worded(within), origin, self._regime.end_of(within, origin.at))]
        steps = self._moved(self._limited(steps, origin))
        due = steps[-1].gives
        standing = _standing(due, submitted, now)
        return self._told(standing, steps, due=due, began=origin.at, submitted=submitted)

    def _limited(self, steps: list[Step], origin: RegulatoryRecord) -> list[Step]:
        """Not later than `at_most`; what begins after that is over keeps its own time."""
        limit = self._report.at_most
        from_there = self._origin(limit) if limit is not None else None
        if limit is None or from_there is None:
            return steps
        last, own = self._regime.end_of(limit, from_there.at), steps[-1].gives
        if origin.at > last:
            late = f"{_name(origin)} only after {_worded(limit)}: it keeps its own time"
            return [Step(late, from_there, last), *steps]
        if own is None or own <= last:
            return steps
        return [*steps, Step(f"at most {_worded(limit)}", from_there, last)]

    def _moved(self, steps: list[Step]) -> list[Step]:
        due = steps[-1].gives
        moved = None if due is None else self._regime.moved(self._report, due)
        if moved is None:
            return steps
        rule = f"{moved.weekday} is no working day: noon of the next one"
        return [*steps, Step(rule, None, moved.to)]

    def _told(
        self,
        standing: Standing,
        steps: Sequence[Step],
        *,
        due: datetime | None = None,
        began: datetime | None = None,
        submitted: RegulatoryRecord | None = None,
        awaits: Sequence[str] = (),
    ) -> Deadline:
        return Deadline(
            regime=self._regime.document.name,
            report=self._report.name,
            title=self._report.title,
            standing=standing,
            steps=steps,
            due=due,
            began=began,
            submitted=submitted,
            awaits=awaits,
            warn_at=self._report.warn_at,
        )


def _needed_by(report: ReportDocument) -> Iterable[str]:
    """The facts that must hold: what it is due after comes first, unless that is a report."""
    first = [report.within.after] if report.within.report is None else []
    return dict.fromkeys((*first, *report.only_if))


def _standing(due: datetime | None, submitted: RegulatoryRecord | None, now: datetime) -> Standing:
    if submitted is not None:
        in_time = due is None or submitted.at <= due
        return Standing.MET if in_time else Standing.SUBMITTED_LATE
    return Standing.RUNNING if due is None or now <= due else Standing.OVERDUE


def _lifted(run: Run, name: str) -> Step:
    return Step(f"{name.replace('_', ' ')} was retracted", run.ended)


def _name(record: RegulatoryRecord) -> str:
    return record.fact.value.replace("_", " ")


def _worded(limit: Limit) -> str:
    """A limit in words, such as 4 hours after classified."""
    for unit in ("hours", "business_days", "months"):
        if (count := getattr(limit, unit)) is not None:
            words = unit.replace("_", " ").removesuffix("s" if count == 1 else "")
            until = f", until {limit.until}" if limit.until else ""
            return f"{count} {words} after {_after(limit)}{until}"
    raise AssertionError


def _after(limit: Limit) -> str:
    if limit.report is None:
        return limit.after.replace("_", " ")
    return f"the {limit.after.removesuffix('_report')} report {limit.report}"
