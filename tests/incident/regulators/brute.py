"""When reports are due, by going through everything step by step: slow, and hard to get wrong."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.incident.regulators.documents import (
    Limit,
    RegimeDocument,
    RegulatorsDocument,
    ReportDocument,
)
from services.incident.regulators.events import RegulatoryRecord

DAY = timedelta(days=1)


class Told(NamedTuple):
    """A report as the naive reckoning has it."""

    regime: str
    report: str
    state: str
    due: datetime | None


def reckoned(
    records: Sequence[RegulatoryRecord], document: RegulatorsDocument, now: datetime
) -> list[Told]:
    found = []
    for regime in document.regimes:
        for report in regime.reports:
            if regime.applies:
                state, due = _Reckoning(records, document, regime).of(report, now)
                found.append(Told(regime.name, report.name, state, due))
    return found


class _Reckoning:
    def __init__(
        self,
        records: Sequence[RegulatoryRecord],
        document: RegulatorsDocument,
        regime: RegimeDocument,
    ) -> None:
        wrong = [each.replaces for each in records if each.replaces is not None]
        self.records = [each for each in records if each.record not in wrong]
        self.regime = regime
        self.calendar = document.calendars[regime.calendar]
        self.zone = ZoneInfo(self.calendar.timezone)

    def of(self, report: ReportDocument, now: datetime) -> tuple[str, datetime | None]:
        wanted = list(report.only_if)
        if not report.within.report:
            wanted.insert(0, report.within.after)  # type: ignore[arg-type]  # a fact, then
        holds = {fact: self.holds_since(fact) for fact in wanted}
        retracted = [at for at in map(self.last_retraction, wanted) if at is not None]
        since = max(retracted, default=None)
        if any(holds[f] is None and self.last_retraction(f) is not None for f in wanted):
            return "lifted", None
        submitted = self.submissions(report.name, since)
        origin = self.start(report.within, since)
        if origin is None or None in holds.values():
            only_lacks_origin = [f for f in wanted if holds[f] is None] == [report.within.after]
            return self.not_yet(report, submitted, now, since, maybe=only_lacks_origin)
        due = self.add(report.within, origin)
        if report.at_most is not None and (aware := self.start(report.at_most, since)) is not None:
            last = self.add(report.at_most, aware)
            due = due if origin > last else min(due, last)
        due = self.move(report, due)
        if submitted:
            return ("met" if submitted[0] <= due else "submitted_late"), due
        return ("overdue" if now > due else "running"), due

    def not_yet(
        self,
        report: ReportDocument,
        submitted: list[datetime],
        now: datetime,
        since: datetime | None,
        *,
        maybe: bool,
    ) -> tuple[str, datetime | None]:
        if submitted:
            return "met", None
        if maybe and report.at_most is not None:
            aware = self.start(report.at_most, since)
            if aware is not None:
                due = self.move(report, self.add(report.at_most, aware))
                if due >= now:
                    return "provisional", due
        return "awaiting", None

    def said_of(self, fact: str) -> list[RegulatoryRecord]:
        said = [each for each in self.records if each.fact == fact]
        if any(each.regime == self.regime.name for each in said):
            said = [each for each in said if each.regime == self.regime.name]
        else:
            said = [each for each in said if each.regime is None]
        return sorted(said, key=lambda each: (each.at, each.record))

    def holds_since(self, fact: str) -> datetime | None:
        since: datetime | None = None
        for each in self.said_of(fact):
            if each.retracted:
                since = None
            elif since is None:
                since = each.at
        return since

    def last_retraction(self, fact: str) -> datetime | None:
        last = None
        for each in self.said_of(fact):
            if each.retracted:
                last = each.at
        return last

    def submissions(self, report: str, since: datetime | None) -> list[datetime]:
        counting: list[datetime] = []
        for each in sorted(self.records, key=lambda each: (each.at, each.record)):
            is_it = each.fact == "report_submitted" and each.regime == self.regime.name
            if not is_it or each.report != report or (since is not None and each.at <= since):
                continue
            counting = [] if each.retracted else [*counting, each.at]
        return counting

    def start(self, limit: Limit, since: datetime | None) -> datetime | None:
        if limit.report is None:
            return self.holds_since(limit.after)
        found = self.submissions(limit.report, since)
        if not found:
            return None
        return found[0] if limit.after == "first_report" else found[-1]

    def works(self, day: date) -> bool:
        off = any(each.date == day for each in self.calendar.holidays)
        return bool(self.calendar.hours.get(f"{day:%A}".lower())) and not off  # type: ignore[call-overload]

    def add(self, limit: Limit, start: datetime) -> datetime:
        local = start.astimezone(self.zone)
        if limit.hours is not None:
            return start + timedelta(minutes=60 * limit.hours)
        if limit.months is not None:
            return self.wall(self.months_on(local.date(), limit.months), local)
        day, left = local.date(), limit.business_days or 0
        while left:
            day += DAY
            if self.works(day):
                left -= 1
        if limit.until is None:
            return self.wall(day, local)
        hour, minute = map(int, limit.until.split(":"))
        return self.wall(day, local.replace(hour=hour, minute=minute, second=0, microsecond=0))

    def months_on(self, day: date, months: int) -> date:
        first = day.replace(day=1)
        for _ in range(months):
            first = (first + 31 * DAY).replace(day=1)
        wanted = day.day
        while True:
            try:
                return first.replace(day=wanted)
            except ValueError:
                wanted -= 1

    def wall(self, day: date, clock: datetime) -> datetime:
        told = datetime.combine(day, clock.time().replace(fold=0))
        return told.replace(tzinfo=self.zone).astimezone(UTC)

    def move(self, report: ReportDocument, due: datetime) -> datetime:
        day = due.astimezone(self.zone).date()
        if report.on_non_working_day == "due_then" or self.works(day):
            return due
        while not self.works(day):
            day += DAY
        return self.wall(day, datetime(2000, 1, 1, 12))  # noqa: DTZ001  # a time of day
