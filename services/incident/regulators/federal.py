"""The United States' federal holidays as they are observed (5 U.S.C. 6103)."""

from collections.abc import Iterator
from datetime import date, timedelta

_FIXED = {
    (1, 1): "New Year's Day",
    (6, 19): "Juneteenth",
    (7, 4): "Independence Day",
    (11, 11): "Veterans Day",
    (12, 25): "Christmas Day",
}
_MONDAYS = {
    (1, 3): "Martin Luther King, Jr. Day",
    (2, 3): "Washington's Birthday",
    (9, 1): "Labor Day",
    (10, 2): "Columbus Day",
}
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def federal_holidays(first: int, last: int) -> dict[date, str]:
    """The days off of these years, in order; on a weekend the nearest weekday is off."""
    found = {day: name for year in range(first, last + 2) for day, name in _of(year)}
    return {day: found[day] for day in sorted(found) if first <= day.year <= last}


def _of(year: int) -> Iterator[tuple[date, str]]:
    for (month, day), name in _FIXED.items():
        yield _observed(date(year, month, day)), name
    for (month, place), name in _MONDAYS.items():
        yield _nth(year, month, _MONDAY, place), name
    yield _nth(year, 6, _MONDAY, 1) - timedelta(weeks=1), "Memorial Day"
    yield _nth(year, 11, _THURSDAY, 4), "Thanksgiving Day"


def _observed(day: date) -> date:
    return day + timedelta(days={_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, place: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7, weeks=place - 1)
