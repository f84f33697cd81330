"""Trend rules: which incidents are alike, how many of them in which time make a candidate."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec

from services.problem.candidate import Match, Raised
from services.problem.copies import IncidentCopy

POLICY = "trend-rules"

Trait = Literal["service", "item", "category", "subcategory", "symptom"]


class TrendRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At least so many incidents that share these traits within so many hours."""

    name: str
    same: tuple[Trait, ...]
    at_least: int
    within_hours: int

    @property
    def window(self) -> timedelta:
        """How far apart the first and the last of them may have happened."""
        return timedelta(hours=self.within_hours)

    def alike(self, copy: IncidentCopy) -> dict[str, str] | None:
        """What others must share with this incident; None where it lacks a trait."""
        traits: dict[str, str] = {name: getattr(copy, name) for name in self.same}
        return traits if all(traits.values()) else None


DEFAULT = (
    TrendRule(
        name="service-and-category", same=("service", "category"), at_least=3, within_hours=7 * 24
    ),
    TrendRule(
        name="service-and-symptom", same=("service", "symptom"), at_least=3, within_hours=7 * 24
    ),
)
"""In force until others are set."""


def rules_of(document: dict[str, Any] | None) -> tuple[TrendRule, ...]:
    """The rules of a stored document, in their order."""
    if document is None:
        return DEFAULT
    return msgspec.convert(document["rules"], tuple[TrendRule, ...])


def trend(
    rule: TrendRule, version: int, alike: dict[str, str], found: Sequence[IncidentCopy]
) -> Raised | None:
    """The candidate these incidents (oldest first) make under the rule, if they make one."""
    for first in range(len(found) - rule.at_least + 1):
        until = found[first].occurred_at + rule.window
        within = [copy for copy in found[first:] if copy.occurred_at <= until]
        if len(within) >= rule.at_least:
            return _raised(rule, version, alike, within)
    return None


def _raised(
    rule: TrendRule, version: int, alike: dict[str, str], within: Sequence[IncidentCopy]
) -> Raised:
    return Raised(
        rule=rule.name,
        rule_version=version,
        window_from=within[0].occurred_at,
        window_until=within[-1].occurred_at,
        alike=alike,
        matches=tuple(
            Match(incident=c.id, number=c.number, title=c.title, event=c.event, at=c.occurred_at)
            for c in within
        ),
    )
