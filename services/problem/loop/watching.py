"""Which incidents look like a problem that was closed as fixed, while its fix is watched."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.problem.copies import IncidentCopy
from services.problem.trends.sighting import TRAITS, Trait

POLICY = "recurrence"

Key = tuple[tuple[str, str], ...]
"""Traits with their values, all of which must agree."""


class WatchRule(msgspec.Struct, frozen=True, kw_only=True):
    """For so many days after its closure a fix is watched.

    An incident is of a problem's kind if it shares all traits of one of these sets with it, or with
    one of its incidents.
    """

    watch_days: int = 30
    same: tuple[tuple[Trait, ...], ...] = (("service", "category"), ("service", "symptom"))

    @property
    def window(self) -> timedelta:
        """How long after its problem's closure a fix is watched."""
        return timedelta(days=self.watch_days)


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """A problem that was closed as fixed; `looks` are its own traits and those of its incidents."""

    id: UUID
    fixed_at: datetime
    closed_at: datetime
    incidents: frozenset[UUID] = frozenset()
    looks: tuple[dict[str, str | None], ...] = ()


class Watched:
    """The fixes that are watched at a moment."""

    def __init__(self, rule: WatchRule, fixed: Iterable[Fixed]) -> None:
        self._rule = rule
        self._by_key: dict[Key, list[Fixed]] = {}
        for each in fixed:
            for key in {key for look in each.looks for key in _keys(rule, look)}:
                self._by_key.setdefault(key, []).append(each)

    def matching(self, copy: IncidentCopy) -> Sequence[Fixed]:
        """The problems whose fix this incident casts doubt on, each once."""
        look: dict[str, Any] = {name: getattr(copy, name) for name in TRAITS}
        found = {each.id: each for key in _keys(self._rule, look) for each in self._of(key, copy)}
        return list(found.values())

    def _of(self, key: Key, copy: IncidentCopy) -> Iterator[Fixed]:
        for each in self._by_key.get(key, ()):
            if copy.id not in each.incidents and is_watched(self._rule, each, copy):
                yield each


def is_watched(rule: WatchRule, fixed: Fixed, copy: IncidentCopy) -> bool:
    """Whether the incident happened after the fix, and while that was watched."""
    return fixed.fixed_at < copy.occurred_at <= fixed.closed_at + rule.window


def rule_of(document: dict[str, Any] | None) -> WatchRule:
    """The rule of a stored document."""
    return WatchRule() if document is None else msgspec.convert(document, WatchRule)


def _keys(rule: WatchRule, look: dict[str, str | None]) -> Iterator[Key]:
    for names in rule.same:
        values = [(name, value) for name in names if (value := look.get(name))]
        if len(values) == len(names):
            yield tuple(values)
