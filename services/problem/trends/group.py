"""The incidents of one trend: those that are no evidence yet, and the candidates there are."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from services.problem.trends.rules import SYMPTOM, Key, TrendRule
from services.problem.trends.sighting import Sighting
from services.problem.trends.text import similarity

MOST_MATCHES = 50
"""A candidate holds so many incidents (or as many as its rule asks for) and then is full."""
MOST_TITLES = 200
"""A title that is new in its group is compared with so many others, newest first."""
MOST_STARTS = 200
"""A window begins with the incident itself or with one of so many that happened before it."""
_HOUR = 3_600_000_000


class Episode:
    """A candidate as the watch sees it: what happens around its time belongs to it."""

    __slots__ = ("candidate", "first", "is_full", "is_open", "key", "last", "size", "symptom")

    def __init__(self, candidate: UUID, key: Key, first: int, last: int, size: int) -> None:
        self.candidate = candidate
        self.key = key
        self.first = first
        self.last = last
        self.size = size
        self.symptom = ""  # what the others' titles are like
        self.is_open = True
        self.is_full = False

    def reaches(self, sighting: Sighting, rule: TrendRule, window: int) -> bool:
        """Whether the incident happened within a window of it, and reads like it."""
        if not self.first - window <= sighting.when <= self.last + window:
            return False
        return reads_like(rule, self.symptom, symptom_in(sighting))

    def join(self, sighting: Sighting) -> None:
        """It is evidence too."""
        self.first = min(self.first, sighting.when)
        self.last = max(self.last, sighting.when)
        self.size += 1


class _Line:
    """Incidents that read the same, in the order in which they happened; ties as they were told."""

    __slots__ = ("like", "members", "symptom", "times")

    def __init__(self, symptom: str) -> None:
        self.symptom = symptom
        self.times: list[int] = []
        self.members: list[Sighting] = []
        self.like: list[_Line] = [self]

    def add(self, sighting: Sighting) -> None:
        place = bisect_right(self.times, sighting.when)
        self.times.insert(place, sighting.when)
        self.members.insert(place, sighting)

    def remove(self, sighting: Sighting) -> None:
        place = bisect_left(self.times, sighting.when)
        while self.members[place] is not sighting:
            place += 1
        del self.times[place], self.members[place]

    def between(self, start: int, end: int) -> tuple[int, int]:
        return bisect_left(self.times, start), bisect_right(self.times, end)


class Group:
    """Incidents with the same key; where a rule asks for likeness, by what they say."""

    __slots__ = ("episodes", "happened", "key", "lines")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.lines: dict[str, _Line] = {}  # of incidents that are no evidence yet
        self.episodes: list[Episode] = []
        self.happened: list[tuple[int, str]] = []  # all of them, where a rule asks for the rate

    @property
    def is_empty(self) -> bool:
        """Whether it may be forgotten."""
        return not (self.lines or self.episodes or self.happened)

    def add(self, sighting: Sighting, rule: TrendRule) -> None:
        """Take it in."""
        symptom = _line_of(sighting, rule)
        line = self.lines.get(symptom)
        if line is None:
            line = self._new_line(symptom, rule)
        line.add(sighting)

    def remove(self, sighting: Sighting, rule: TrendRule) -> None:
        """Take it out."""
        line = self.lines[_line_of(sighting, rule)]
        line.remove(sighting)
        if not line.members:
            del self.lines[line.symptom]
            for other in line.like:
                other.like.remove(line)

    def count(self, sighting: Sighting) -> None:
        """Let it tell of the usual rate."""
        insort(self.happened, (sighting.when, symptom_in(sighting)))

    def discount(self, sighting: Sighting) -> None:
        """Let it not any more."""
        entry = (sighting.when, symptom_in(sighting))
        del self.happened[bisect_left(self.happened, entry)]

    def episode_of(self, sighting: Sighting, rule: TrendRule, window: int) -> Episode | None:
        """The newest candidate that this incident belongs to."""
        for episode in reversed(self.episodes):
            if episode.reaches(sighting, rule, window):
                return episode
        return None

    def trend(self, sighting: Sighting, rule: TrendRule, window: int) -> Sequence[Sighting]:
        """Of its like around this member, enough within a window: the earliest such window.

        Nothing where there is no such window.
        """
        like = self.lines[_line_of(sighting, rule)].like
        if len(like) == 1 and len(like[0].members) < rule.at_least:
            return ()
        first, last = sighting.when - window, sighting.when + window
        parts = [(line, *line.between(first, last)) for line in like]
        if sum([end - start for _, start, end in parts]) < rule.at_least:
            return ()
        around = [each for line, start, end in parts for each in line.members[start:end]]
        if len(parts) > 1:
            around.sort(key=_as_happened)
        return self._window(around, sighting, rule, window)

    def _window(
        self, around: Sequence[Sighting], sighting: Sighting, rule: TrendRule, window: int
    ) -> Sequence[Sighting]:
        times = [each.when for each in around]
        place = bisect_left(times, sighting.when)
        while around[place] is not sighting:
            place += 1
        for start in range(max(0, place - MOST_STARTS), place + 1):
            end = bisect_right(times, times[start] + window)
            if end - start < rule.at_least:
                continue
            if self._is_burst(end - start, times[start], symptom_in(sighting), rule):
                most = max(rule.at_least, MOST_MATCHES)
                begin = max(start, place - most + 1)
                return around[begin : min(end, begin + most)]
        return ()

    def _is_burst(self, count: int, start: int, symptom: str, rule: TrendRule) -> bool:
        """More than the time before would lead one to expect, where the rule asks for that."""
        burst = rule.burst
        if burst is None:
            return True
        begin = bisect_left(self.happened, (start - burst.over_hours * _HOUR, ""))
        end = bisect_left(self.happened, (start, ""))
        usual = end - begin
        if rule.similar is not None:
            usual = sum(reads_like(rule, symptom, o) for _, o in self.happened[begin:end])
        return count * burst.over_hours >= burst.times * usual * rule.within_hours

    def _new_line(self, symptom: str, rule: TrendRule) -> _Line:
        made = _Line(symptom)
        if rule.similar is not None:
            for other in islice(reversed(self.lines.values()), MOST_TITLES):
                if reads_like(rule, symptom, other.symptom):
                    made.like.append(other)
                    other.like.append(made)
        self.lines[symptom] = made
        return made


def symptom_in(sighting: Sighting) -> str:
    """What its title says."""
    return sighting.traits[SYMPTOM] or ""


def reads_like(rule: TrendRule, symptom: str, other: str) -> bool:
    """Whether these read alike, as far as the rule asks for it."""
    return rule.similar is None or similarity(symptom, other) >= rule.similar


def _line_of(sighting: Sighting, rule: TrendRule) -> str:
    return "" if rule.similar is None else symptom_in(sighting)


def _as_happened(sighting: Sighting) -> tuple[int, int]:
    return sighting.when, sighting.position
