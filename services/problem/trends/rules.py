"""Trend rules: which incidents are alike, how many of them in which time make a candidate."""

from collections.abc import Callable
from datetime import timedelta
from operator import itemgetter
from typing import Any

import msgspec

from services.problem.trends.sighting import MICROSECOND, TRAITS, Sighting, Trait

POLICY = "trend-rules"

SYMPTOM = TRAITS.index("symptom")

Key = tuple[str, ...]
"""What the incidents of one trend have in common: the values of the traits a rule names."""


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which incidents a rule looks at: one of the values of each field that names some."""

    service: tuple[str, ...] = ()
    item: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    subcategory: tuple[str, ...] = ()
    impact: tuple[int, ...] = ()
    urgency: tuple[int, ...] = ()
    title_contains: tuple[str, ...] = ()
    absent: tuple[Trait, ...] = ()


class Burst(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many times as many in the window as the rate of so many hours before it would bring."""

    times: int
    over_hours: int


class TrendRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At least so many incidents that are alike within so many hours of effective time."""

    name: str
    same: tuple[Trait, ...] = ()
    at_least: int
    within_hours: int
    active: bool = True
    where: Where = Where()
    similar: float | None = None
    burst: Burst | None = None

    @property
    def window(self) -> int:
        """How far apart the first and the last of them may have happened, in microseconds."""
        return timedelta(hours=self.within_hours) // MICROSECOND

    @property
    def says_nothing(self) -> bool:
        """Whether all incidents would be alike by it."""
        return not self.same and self.similar is None and self.where == Where()


DEFAULT = (
    TrendRule(
        name="service-and-category", same=("service", "category"), at_least=3, within_hours=7 * 24
    ),
    TrendRule(
        name="service-and-symptom",
        same=("service", "symptom"),
        at_least=3,
        within_hours=7 * 24,
        where=Where(absent=("category",)),
    ),
)
"""In force until others are set."""


def rules_of(document: dict[str, Any] | None) -> tuple[TrendRule, ...]:
    """The rules of a stored document, in their order."""
    if document is None:
        return DEFAULT
    return msgspec.convert(document["rules"], tuple[TrendRule, ...])


Test = Callable[[Sighting], bool]


def reader(rule: TrendRule) -> Callable[[Sighting], Key | None]:
    """How the rule reads an incident: its trend's key, or None where it does not look at it."""
    tests, key = _tests(rule), _key(rule)

    def read(sighting: Sighting) -> Key | None:
        if not sighting.counts:
            return None
        for test in tests:  # a loop of its own: this is asked of each rule for each incident
            if not test(sighting):
                return None
        found = key(sighting.traits)
        return None if None in found else found

    return read


def _key(rule: TrendRule) -> Callable[[tuple[str | None, ...]], Key]:
    places = [TRAITS.index(name) for name in rule.same]
    if len(places) == 1:
        return itemgetter(slice(places[0], places[0] + 1))
    return itemgetter(*places) if places else lambda traits: ()


def _tests(rule: TrendRule) -> list[Test]:
    where = rule.where
    tests = [
        _stated(TRAITS.index(name), frozenset(values))
        for name in ("service", "item", "category", "subcategory")
        if (values := getattr(where, name))
    ]
    tests += [_lacks(TRAITS.index(name)) for name in where.absent]
    if where.impact:
        tests.append(lambda sighting: sighting.impact in where.impact)
    if where.urgency:
        tests.append(lambda sighting: sighting.urgency in where.urgency)
    if where.title_contains:
        tests.append(_says([part.casefold() for part in where.title_contains]))
    if rule.similar is not None:
        tests.append(lambda sighting: sighting.traits[SYMPTOM] is not None)
    return tests


def _stated(place: int, values: frozenset[str]) -> Test:
    return lambda sighting: sighting.traits[place] in values


def _lacks(place: int) -> Test:
    return lambda sighting: sighting.traits[place] is None


def _says(parts: list[str]) -> Test:
    def says(sighting: Sighting) -> bool:
        title = sighting.title.casefold()
        return any(part in title for part in parts)

    return says
