"""Working time: how much of it lies between two instants, and when so much of it is over.

An instant counts where the wall clock of the calendar's zone shows a time within its hours, on a
date that is no holiday. So an hour that daylight saving skips does not count, one that it repeats
counts twice, and hours over midnight end where the next day is a holiday. Instants and amounts
are whole microseconds; instants since 1970, UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

SECOND = 1_000_000
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_CHUNK = 400 * DAY
_FARTHEST = 40  # chunks: what is not due within so much time is never due
_LAST = (datetime(9998, 1, 1, tzinfo=UTC) - _EPOCH) // _TICK // _CHUNK
_KEPT = 500
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday

Hours = Sequence[tuple[int, int]]
"""A day's working hours: from and until, as time of day; none longer than the day."""


def micros(moment: datetime) -> int:
    """A moment as microseconds since 1970."""
    return (moment - _EPOCH) // _TICK


def moment_at(instant: int) -> datetime:
    """Microseconds since 1970 as a moment, UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def day_number(day: date) -> int:
    """A date as days since 1970."""
    return day.toordinal() - _EPOCH.toordinal()


class _Chunk(NamedTuple):
    """The working intervals of 400 days; `before` and `through` sum up the work in them."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    through: list[int]

    @property
    def total(self) -> int:
        return self.through[-1] if self.through else 0

    def until(self, instant: int) -> int:
        place = bisect_right(self.starts, instant) - 1
        if place < 0:
            return 0
        return self.before[place] + min(instant, self.ends[place]) - self.starts[place]

    def when(self, amount: int) -> int:
        """When so much (at least 1, at most the total) is over."""
        place = bisect_left(self.through, amount)
        return self.starts[place] + amount - self.before[place]


class Calendar:
    """Hours by weekday (Monday first) in a zone, and the dates without any."""

    def __init__(self, zone: tzinfo, week: Sequence[Hours], holidays: frozenset[int]) -> None:
        self.key = (str(zone), tuple(map(tuple, week)), holidays)
        self.zone = zone
        self._week = self.key[1]
        self._holidays = holidays
        self._is_always = not holidays and all(day == ((0, DAY),) for day in self._week)
        self._chunks: dict[int, _Chunk] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def works_on(self, day: date) -> bool:
        """Whether a date of its zone has any working time."""
        return bool(self._hours(day_number(day)))

    def working(self, start: int, end: int) -> int:
        """Working time from start to end; none where the end comes first."""
        if end <= start:
            return 0
        if self._is_always:
            return end - start
        first, last = start // _CHUNK, end // _CHUNK
        between = sum(self._chunk(n).total for n in range(first, last))
        return between + self._chunk(last).until(end) - self._chunk(first).until(start)

    def after(self, start: int, amount: int) -> int | None:
        """The earliest instant by which so much working time has passed since start.

        None where that is more than forty years away, or beyond what a date can say.
        """
        if amount <= 0:
            return start
        if self._is_always:
            return start + amount if (start + amount) // _CHUNK <= _LAST else None
        first = start // _CHUNK
        left = amount + self._chunk(first).until(start)
        for number in range(first, min(first + _FARTHEST, _LAST)):
            chunk = self._chunk(number)
            if left <= chunk.total:
                return chunk.when(left)
            left -= chunk.total
        return None

    def _chunk(self, number: int) -> _Chunk:
        found = self._chunks.get(number)
        if found is None:
            if len(self._chunks) >= _KEPT:
                self._chunks.clear()
            found = self._chunks[number] = self._built(number * _CHUNK)
        return found

    def _built(self, start: int) -> _Chunk:
        chunk = _Chunk([], [], [], [])
        done = 0
        for begin, end in self._intervals(start, start + _CHUNK):
            chunk.starts.append(begin)
            chunk.ends.append(end)
            chunk.before.append(done)
            done += end - begin
            chunk.through.append(done)
        return chunk

    def _intervals(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for begin, until, offset in _pieces(self.zone, start, end):
            for day in range((begin + offset) // DAY, (until + offset - 1) // DAY + 1):
                for opens, closes in self._hours(day):
                    low = max(day * DAY + opens - offset, begin)
                    high = min(day * DAY + closes - offset, until)
                    if low < high:
                        yield low, high

    def _hours(self, day: int) -> Hours:
        return () if day in self._holidays else self._week[(day + _EPOCH_WEEKDAY) % 7]


def _pieces(zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """This time in pieces of one offset from UTC each: from, until, offset."""
    begin, offset = start, _offset(zone, start)
    for probe in range(start + DAY, end + DAY, DAY):
        there = min(probe, end)
        if (now := _offset(zone, there)) != offset:
            change = _change(zone, there - DAY, there)
            yield begin, change, offset
            begin, offset = change, now
    yield begin, end, offset


def _change(zone: tzinfo, low: int, high: int) -> int:
    """The second in which the offset becomes another."""
    before = _offset(zone, low)
    while high - low > SECOND:
        middle = (low + high) // 2 // SECOND * SECOND
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: tzinfo, instant: int) -> int:
    offset = moment_at(instant).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // _TICK
