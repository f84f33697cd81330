"""Trend rules by brute force: everything is looked at again for each fact, nothing is clever."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from services.problem.trends.rules import TrendRule
from services.problem.trends.sighting import TRAITS, Sighting

HOUR = 3_600_000_000
MOST = 50


@dataclass
class Found:
    """A candidate."""

    id: UUID
    key: tuple[str | None, ...]
    like: str
    matches: list[Sighting]
    decided: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.matches) >= MOST


@dataclass
class Brute:
    """One rule over all that was told."""

    rule: TrendRule
    found: list[Found] = field(default_factory=list)
    known: dict[UUID, Sighting] = field(default_factory=dict)
    evidence: dict[UUID, Sighting] = field(default_factory=dict)

    def take(self, sighting: Sighting) -> None:
        if sighting.incident in self.evidence:
            return
        self.known.pop(sighting.incident, None)
        if not looks_at(self.rule, sighting):
            return
        for each in reversed(self.found):
            if self._belongs(sighting, each):
                self.evidence[sighting.incident] = sighting
                if not each.is_full:
                    each.matches.append(sighting)
                return
        self.known[sighting.incident] = sighting
        self._raise(sighting)

    def decide(self, number: int) -> None:
        if self.found:
            self.found[number % len(self.found)].decided = True

    def _belongs(self, s: Sighting, found: Found) -> bool:
        if (found.decided and not found.is_full) or key_of(self.rule, s) != found.key:
            return False
        times = [each.when for each in found.matches]
        window = self.rule.within_hours * HOUR
        near = min(times) - window <= s.when <= max(times) + window
        return near and self._alike(found.like, s)

    def _alike(self, symptom: str, s: Sighting) -> bool:
        wanted = self.rule.similar
        return wanted is None or jaccard(symptom, str(s.traits[4])) >= wanted

    def _raise(self, s: Sighting) -> None:
        key, like, window = key_of(self.rule, s), str(s.traits[4] or ""), self.rule.within_hours
        others = (each for each in self.known.values() if key_of(self.rule, each) == key)
        alike = [each for each in others if self._alike(like, each)]
        alike.sort(key=lambda each: (each.when, each.position))
        for first in alike:
            until = first.when + window * HOUR
            within = [e for e in alike if first.when <= e.when <= until]
            within = [e for e in within if alike.index(e) >= alike.index(first)]
            if s in within and len(within) >= self.rule.at_least and self._bursts(within, like):
                for each in within:
                    self.evidence[each.incident] = self.known.pop(each.incident)
                id = uuid5(s.event, self.rule.name)
                self.found.append(Found(id, key, like, within))
                return

    def _bursts(self, within: Sequence[Sighting], like: str) -> bool:
        burst = self.rule.burst
        if burst is None:
            return True
        start, key = within[0].when, key_of(self.rule, within[0])
        everything = [*self.known.values(), *self.evidence.values()]
        before = [
            each
            for each in everything
            if key_of(self.rule, each) == key
            and start - burst.over_hours * HOUR <= each.when < start
            and self._alike(like, each)
        ]
        expected = len(before) * self.rule.within_hours / burst.over_hours
        return len(within) >= burst.times * expected - 1e-9


def looks_at(rule: TrendRule, s: Sighting) -> bool:
    """Whether the rule looks at this incident at all."""
    traits: Mapping[str, str | None] = dict(zip(TRAITS, s.traits, strict=True))
    where = rule.where
    if not s.counts or any(traits[name] is not None for name in where.absent):
        return False
    for name in ("service", "item", "category", "subcategory"):
        wanted = getattr(where, name)
        if wanted and traits[name] not in wanted:
            return False
    if where.impact and s.impact not in where.impact:
        return False
    if where.urgency and s.urgency not in where.urgency:
        return False
    parts = [part.casefold() for part in where.title_contains]
    if parts and not any(part in s.title.casefold() for part in parts):
        return False
    needed = (*rule.same, "symptom") if rule.similar is not None else rule.same
    return all(traits[name] for name in needed)


def key_of(rule: TrendRule, s: Sighting) -> tuple[str | None, ...]:
    """What it must share with the others."""
    return tuple(s.traits[TRAITS.index(name)] for name in rule.same)


def jaccard(one: str, other: str) -> float:
    """Shared trigrams by all trigrams, as pg_trgm counts them."""
    first, second = set(_trigrams(one)), set(_trigrams(other))
    return len(first & second) / len(first | second) if first | second else 0.0


def _trigrams(text: str) -> Iterable[str]:
    for word in text.split(" "):
        padded = f"  {word} "
        for n in range(len(padded) - 2):
            yield padded[n : n + 3]
