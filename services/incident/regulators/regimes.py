"""One version of the regulators' clocks, ready to be used: limits that know their calendar."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from services.incident.clocks.calendar import Calendar
from services.incident.clocks.documents import SlaDocument
from services.incident.clocks.rules import calendar_of
from services.incident.clocks.rules import check as check_calendars
from services.incident.regulators.documents import (
    BUILT_IN,
    Limit,
    RegimeDocument,
    RegulatorsDocument,
    ReportDocument,
)
from shared.errors import Invalid

_NOON = time(12)
_FARTHEST = 7 * (1000 + 60)  # days: one working day a week, and all holidays fall on it


class Moved(NamedTuple):
    """A deadline that no working day holds, and where it is moved to."""

    weekday: str
    to: datetime


class Regime(NamedTuple):
    """A regime with its calendar."""

    document: RegimeDocument
    calendar: Calendar

    def end_of(self, limit: Limit, start: datetime) -> datetime:
        """When so much time after a start is over."""
        if limit.hours is not None:
            return start + timedelta(hours=limit.hours)
        local = start.astimezone(self.calendar.zone)
        if limit.months is not None:
            return self._at(_months_after(local.date(), limit.months), local.time())
        until = local.time() if limit.until is None else time.fromisoformat(limit.until)
        return self._at(self._working_day(local.date(), limit.business_days or 0), until)

    def moved(self, report: ReportDocument, due: datetime) -> Moved | None:
        """Where this deadline is moved to; None where it stays."""
        day = due.astimezone(self.calendar.zone).date()
        if report.on_non_working_day == "due_then" or self.calendar.works_on(day):
            return None
        return Moved(f"{day:%A}, {day}", self._at(self._working_day(day, 1), _NOON))

    def _working_day(self, day: date, count: int) -> date:
        """So many working days after this one."""
        for _ in range(_FARTHEST):
            if count == 0:
                break
            day += timedelta(days=1)
            count -= self.calendar.works_on(day)
        return day

    def _at(self, day: date, wall: time) -> datetime:
        local = datetime.combine(day, wall.replace(fold=0), self.calendar.zone)
        return local.astimezone(UTC)


class Regulators(NamedTuple):
    """A version of the policy; `version` 1 is the built-in one."""

    version: int
    regimes: Sequence[Regime]

    @property
    def reports(self) -> list[tuple[str, str]]:
        """Each regime with each of its reports."""
        return [
            (regime.document.name, report.name)
            for regime in self.regimes
            for report in regime.document.reports
        ]


def regulators_of(document: Mapping[str, Any] | None, version: int) -> Regulators:
    """The regimes of a stored policy document; the built-in ones where there is none."""
    told = BUILT_IN if document is None else RegulatorsDocument.model_validate(document)
    calendars = {name: calendar_of(each) for name, each in told.calendars.items()}
    return Regulators(version, [Regime(each, calendars[each.calendar]) for each in told.regimes])


def check(document: RegulatorsDocument) -> None:
    """Raises Invalid, with a place each, for what the shape alone cannot tell."""
    check_calendars(SlaDocument(calendars=document.calendars, targets=[]))
    errors: list[tuple[str, str]] = []
    names = [regime.name for regime in document.regimes]
    for number, regime in enumerate(document.regimes):
        place = f"/regimes/{number}"
        if regime.name in names[:number]:
            errors.append((f"{place}/name", "another regime has this name"))
        if regime.calendar not in document.calendars:
            known = ", ".join(document.calendars)
            errors.append((f"{place}/calendar", f"there is no such calendar; there are {known}"))
        errors += _report_errors(place, regime)
    if errors:
        raise Invalid(*errors)


def _report_errors(place: str, regime: RegimeDocument) -> Iterable[tuple[str, str]]:
    """A report follows another only of those before it: so none waits for itself."""
    names = [report.name for report in regime.reports]
    for number, report in enumerate(regime.reports):
        at = f"{place}/reports/{number}"
        if report.name in names[:number]:
            yield f"{at}/name", "another report of this regime has this name"
        for name, limit in (("within", report.within), ("at_most", report.at_most)):
            if limit and limit.report is not None and limit.report not in names[:number]:
                yield f"{at}/{name}/report", "names no report of this regime that comes before it"


def _months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
