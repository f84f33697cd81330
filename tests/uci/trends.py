"""Candidates recomputed from the log of incidents as anybody may read it: plainly, rule by rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.client import AsyncClient

Fact = dict[str, Any]
Rule = dict[str, Any]
MOST = 50  # a candidate is full with so many


@dataclass
class Seen:
    """An incident, and by which fact it is what it is."""

    number: str
    event: str
    position: int
    at: datetime
    fields: dict[str, Any]


@dataclass
class Candidate:
    """What would be raised, by the fact at which position; the evidence as events."""

    raised_by: int
    matches: list[Seen] = field(default_factory=list)

    def reaches(self, seen: Seen, window: timedelta) -> bool:
        times = [each.at for each in self.matches]
        return min(times) - window <= seen.at <= max(times) + window

    @property
    def evidence(self) -> list[tuple[str, str, int]]:
        ordered = sorted(self.matches, key=lambda each: (each.at, each.position))
        return [(each.number, each.event, each.position) for each in ordered]


async def log_of(reader: AsyncClient) -> list[Fact]:
    """All of the feed."""
    found: list[Fact] = []
    after = 0
    while True:
        answer = await reader.get("/v1/incident/feed", params={"lastEventId": after})
        assert answer.status_code == 200, answer.text
        found += answer.json()
        if int(answer.headers["tocsin-scanned"]) == after:
            return found
        after = int(answer.headers["tocsin-scanned"])


def sightings(log: Iterable[Fact]) -> list[tuple[str, Seen]]:
    """What each fact shows of an incident that a rule may look at."""
    known: dict[str, Seen] = {}
    told = []
    for fact in log:
        kind, data = fact["type"].split(".")[-2], fact["data"]
        if kind == "declared":
            at = data["started_at"] or data["detected_at"] or fact.get("happenedat") or fact["time"]
            now = Seen(data["number"], "", 0, datetime.fromisoformat(at), dict(data))
        elif kind in ("categorised", "prioritised"):
            before = known[fact["subject"]]
            now = Seen(before.number, "", 0, before.at, before.fields | data)
        else:
            continue
        now.event, now.position = fact["id"], fact["position"]
        known[fact["subject"]] = now
        told.append((fact["subject"], now))
    return told


Key = tuple[Any, ...]


def recomputed(told: Sequence[tuple[str, Seen]], rule: Rule) -> list[Candidate]:
    """The candidates of a rule, in the order in which they would be raised."""
    plain = _Plain(rule)
    for incident, seen in told:
        plain.take(incident, seen)
    return plain.raised


class _Plain:
    """One rule: who waits under which key, and what was raised under it."""

    def __init__(self, rule: Rule) -> None:
        self.raised: list[Candidate] = []
        self._rule, self._window = rule, timedelta(hours=rule["within_hours"])
        self._waiting: dict[Key, dict[str, Seen]] = {}
        self._found: dict[Key, list[Candidate]] = {}
        self._where: dict[str, Key] = {}
        self._used: set[str] = set()

    def take(self, incident: str, seen: Seen) -> None:
        if incident in self._used:
            return
        if incident in self._where:
            del self._waiting[self._where.pop(incident)][incident]
        key = tuple(seen.fields[name] for name in self._rule["same"])
        if None in key or not _looked_at(self._rule, seen):
            return
        near = [c for c in self._found.get(key, []) if c.reaches(seen, self._window)]
        if near:
            self._used.add(incident)
            if len(near[-1].matches) < MOST:
                near[-1].matches.append(seen)
            return
        self._waiting.setdefault(key, {})[incident] = seen
        self._where[incident] = key
        self._raise(key, seen)

    def _raise(self, key: Key, seen: Seen) -> None:
        group = self._waiting[key]
        matches = _enough(group, seen, self._rule["at_least"], self._window)
        if matches:
            self.raised.append(Candidate(seen.position, [group.pop(each) for each in matches]))
            self._found.setdefault(key, []).append(self.raised[-1])
            self._used.update(matches)
            for each in matches:
                del self._where[each]


def _looked_at(rule: Rule, seen: Seen) -> bool:
    return all(seen.fields[name] in values for name, values in rule.get("where", {}).items())


def _enough(group: dict[str, Seen], seen: Seen, least: int, window: timedelta) -> list[str]:
    """The incidents of the earliest window with this one and enough others in it."""
    around = [(i, s) for i, s in group.items() if abs(s.at - seen.at) <= window]
    around.sort(key=lambda each: (each[1].at, each[1].position))
    for place, (_, first) in enumerate(around):
        within = [(i, s) for i, s in around[place:] if s.at - first.at <= window]
        if len(within) >= least and any(s is seen for _, s in within):
            return [i for i, _ in within]
    return []
