"""When maintenance is: a window's times, and what of a period they cover. Plain arithmetic.

A window that repeats does so by the clock on the wall of its time zone: what begins at two at night
begins at two before and after the clocks change. Where a change leaves nothing of an occurrence,
there is none.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.incident.catalogue.events import Every, Repeats
from services.incident.catalogue.window import Window

_END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)  # beyond it the calendar may end within a period
_DAYS = {Every.DAY: 1, Every.WEEK: 7}


class Interval(NamedTuple):
    """From a moment to another, which is not part of it."""

    start: datetime
    end: datetime


def period_of(repeats: Repeats) -> timedelta:
    """From one occurrence to the next, by the clock on the wall."""
    return timedelta(days=_DAYS[repeats.every] * repeats.interval)


def covers(window: Window, at: datetime) -> bool:
    """Whether it is on at this moment."""
    return next(occurrences(window, at, at + timedelta(microseconds=1)), None) is not None


def occurrences(window: Window, start: datetime, end: datetime) -> Iterator[Interval]:
    """Its occurrences that touch the time from `start` to `end`, oldest first, in full."""
    for each in _planned(window, start, end):
        until = min(each.end, window.retired_at or each.end)
        if each.start < end and start < until and each.start < until:
            yield Interval(each.start, until)


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same moments, each in one interval only, oldest first."""
    found: list[Interval] = []
    for each in sorted(intervals):
        if found and each.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, each.end))
        elif each.start < each.end:
            found.append(each)
    return found


def within(intervals: Iterable[Interval], start: datetime, end: datetime) -> list[Interval]:
    """What of these lies in the time from `start` to `end`."""
    cut = (Interval(max(i.start, start), min(i.end, end)) for i in intervals)
    return [i for i in cut if i.start < i.end]


def without(intervals: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What of these no interval of `taken` covers, merged."""
    found, gaps, place = list[Interval](), merged(taken), 0
    for each in merged(intervals):
        start = each.start
        while place < len(gaps) and gaps[place].start < each.end:
            if start < gaps[place].start:
                found.append(Interval(start, gaps[place].start))
            start = max(start, gaps[place].end)
            if start > each.end:
                break  # this gap goes on; it may reach into the next
            place += 1
        if start < each.end:
            found.append(Interval(start, each.end))
    return found


def length(intervals: Iterable[Interval]) -> timedelta:
    """How long these are together; they must not overlap."""
    return sum((i.end - i.start for i in intervals), timedelta())


def _planned(window: Window, start: datetime, end: datetime) -> Iterator[Interval]:
    """Candidates: at least all that touch this time, and few others."""
    if window.starts_at is None or window.ends_at is None:
        return
    first = Interval(window.starts_at, window.ends_at)
    if window.repeats is None:
        yield first
        return
    period, zone = period_of(window.repeats), ZoneInfo(window.time_zone)
    last = min(end, window.repeats.until or end, _END_OF_TIME)
    number = max(0, (start - first.end) // period - 1)
    while (each := _shifted(first, number * period, zone)).start < last:
        yield each
        number += 1


def _shifted(first: Interval, by: timedelta, zone: ZoneInfo) -> Interval:
    start, end = ((m.astimezone(zone) + by).astimezone(UTC) for m in first)
    return Interval(start, end)
