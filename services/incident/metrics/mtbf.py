"""Mean time between failures of one service: plain arithmetic on intervals."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import NamedTuple

from services.incident.catalogue.maintenance import Interval, length, merged, within, without


class Reliability(NamedTuple):
    """How a service fared in a period; times in seconds, planned maintenance in none of them.

    `between` are the times it was up before each failure: since the one before, or the period's
    beginning.
    """

    failures: int
    planned: int
    uptime: float
    downtime: float
    maintenance: float
    between: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        """The mean time between failures; None where there was none."""
        return self.uptime / self.failures if self.failures else None


def reliability(
    downtimes: Sequence[Interval], maintenance: Iterable[Interval], period: Interval
) -> Reliability:
    """Of a service with these downtimes, the planned ones among them.

    A downtime that began before the period counts as time in it, not as a failure. One that lies
    in maintenance as a whole was planned and is no failure.
    """
    planned = within(merged(maintenance), *period)
    begun = [d for d in downtimes if period.start <= d.start < period.end]
    failures = sorted(d.start for d in begun if not _was_planned(d, planned))
    down = without(within(downtimes, *period), planned)
    up = without([period], [*down, *planned])
    return Reliability(
        len(failures),
        len(begun) - len(failures),
        length(up).total_seconds(),
        length(down).total_seconds(),
        length(planned).total_seconds(),
        _between(up, [period.start, *failures]),
    )


def _was_planned(downtime: Interval, planned: Sequence[Interval]) -> bool:
    """Whether all of it lies in one stretch of maintenance; of a moment, whether it does."""
    place = bisect_left(planned, downtime.start, key=lambda each: each.end)
    if place < len(planned) and planned[place].end == downtime.start:
        place += 1
    return place < len(planned) and (
        planned[place].start <= downtime.start and downtime.end <= planned[place].end
    )


def _between(up: Sequence[Interval], moments: Sequence[datetime]) -> tuple[float, ...]:
    starts = [each.start for each in up]
    before = [timedelta(), *accumulate(each.end - each.start for each in up)]

    def until(moment: datetime) -> timedelta:
        place = bisect_left(starts, moment)
        last = up[place - 1] if place else None
        over = max(last.end - moment, timedelta()) if last else timedelta()
        return before[place] - over

    spans = (until(later) - until(earlier) for earlier, later in pairwise(moments))
    return tuple(span.total_seconds() for span in spans)
