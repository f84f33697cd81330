"""Clocks minute by minute, written from the rules alone: slow, and hard to get wrong.

Every event happens at a whole minute, and is known when it happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


@dataclass(frozen=True)
class Hours:
    """A calendar: spans of a weekday in minutes of the day; one that ends first runs over night."""

    zone: str
    spans: dict[int, list[tuple[int, int]]]
    holidays: frozenset[date] = frozenset()

    def document(self) -> dict[str, Any]:
        """The same for the policy."""
        return {
            "timezone": self.zone,
            "hours": {
                _WEEKDAYS[day]: [f"{_clock(a)}-{_clock(b)}" for a, b in spans]
                for day, spans in self.spans.items()
            },
            "holidays": [{"date": str(day)} for day in sorted(self.holidays)],
        }

    def works(self, moment: datetime) -> bool:
        """Whether the wall clock shows a time within the hours, on no holiday."""
        wall = moment.astimezone(ZoneInfo(self.zone))
        minute, today = wall.hour * 60 + wall.minute, wall.weekday()
        begun = any(a <= minute and (minute < b or b <= a) for a, b in self.spans.get(today, ()))
        goes_on = any(b <= a and minute < b for a, b in self.spans.get((today - 1) % 7, ()))
        return wall.date() not in self.holidays and (begun or goes_on)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class Promise(NamedTuple):
    """A target."""

    name: str
    kind: str
    minutes: int
    pauses_on: frozenset[str]
    on_change: str


class Minute(NamedTuple):
    """How the incident was in a minute."""

    moment: datetime
    status: str
    is_answered: bool


@dataclass
class Counted:
    """A clock, as far as it has been counted."""

    promise: Promise
    chosen: datetime
    minutes: int = 0
    breached: datetime | None = None
    end: str | None = None

    def tick(self, minute: Minute, hours: Hours) -> None:
        """One minute passes."""
        if self.end is None and self.runs(minute.status):
            self.look(minute.moment)
            self.minutes += hours.works(minute.moment)

    def look(self, moment: datetime) -> None:
        """It runs at this moment: is its time over?"""
        if self.minutes >= self.promise.minutes and self.breached is None:
            self.breached = max(moment, self.chosen)

    def runs(self, status: str) -> bool:
        return status == "open" or (
            status.startswith("hold:") and status[5:] not in self.promise.pauses_on
        )


@dataclass
class World:
    """An incident in time."""

    hours: Hours
    promises: dict[tuple[str, int], Promise]
    clocks: list[Counted] = field(default_factory=list)
    past: list[Minute] = field(default_factory=list)
    priority: int | None = None
    status: str = "open"
    is_answered: bool = False

    def live(self, events: Sequence[tuple[datetime, str, Any]], until: datetime) -> None:
        """Let this happen, and every minute pass, from the first event to a moment."""
        waiting, moment = list(events), events[0][0]
        while moment <= until:
            while waiting and waiting[0][0] == moment:
                self._happen(*waiting.pop(0))
            if moment < until:
                self.past.append(Minute(moment, self.status, self.is_answered))
                for clock in self.clocks:
                    clock.tick(self.past[-1], self.hours)
            moment += MINUTE
        for clock in self.clocks:
            if clock.end is None and clock.runs(self.status):
                clock.look(until)

    def state(self, clock: Counted) -> str:
        """How a clock stands."""
        if clock.breached is not None:
            return "breached"
        return clock.end or ("running" if clock.runs(self.status) else "paused")

    def due(self, clock: Counted, now: datetime, days: int) -> datetime | None:
        """When a running clock's time will be over; None where that is many days away."""
        left, moment = clock.promise.minutes - clock.minutes, now
        while left > 0 and moment < now + timedelta(days=days):
            left -= self.hours.works(moment)
            moment += MINUTE
        return moment if left <= 0 else None

    def _happen(self, moment: datetime, what: str, argument: Any) -> None:
        if what == "priority":
            self.priority = argument
            self._choose(moment)
        elif what == "hold":
            self.status = f"hold:{argument}"
        elif what == "resume":
            self.status = "open"
        elif what == "acknowledge":
            self.is_answered = True
            self._end("response")
        elif what == "resolve":
            self.status, self.is_answered = "resolved", True
            self._end("response")
            self._end("resolution")
        elif what == "reopen":
            self.status = "open"
            for clock in self._newest("resolution"):
                clock.end = None
            self._choose(moment)

    def _newest(self, kind: str) -> Sequence[Counted]:
        return [clock for clock in self.clocks if clock.promise.kind == kind][-1:]

    def _end(self, kind: str) -> None:
        for clock in self._newest(kind):
            clock.end = clock.end or "met"

    def _choose(self, moment: datetime) -> None:
        if self.priority is None:
            return
        for kind in ("response", "resolution"):
            promise = self.promises[kind, self.priority]
            newest = self._newest(kind)
            if not newest:
                self._begin(promise, moment, self.past)
            elif newest[0].end is None and newest[0].promise != promise:
                self._change(newest[0], promise, moment)

    def _change(self, clock: Counted, promise: Promise, moment: datetime) -> None:
        if clock.promise.on_change != "keep":
            clock.end = "cancelled"
            is_retroactive = clock.promise.on_change == "reset_retroactive"
            self._begin(promise, moment, self.past if is_retroactive else [])

    def _begin(self, promise: Promise, moment: datetime, past: Sequence[Minute]) -> None:
        clock = Counted(promise, moment)
        is_response = promise.kind == "response"
        for minute in past:
            if not (is_response and minute.is_answered):
                clock.tick(minute, self.hours)
        if self.is_answered if is_response else self.status == "resolved":
            clock.end = "met"
        self.clocks.append(clock)
