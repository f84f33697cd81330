"""The watch over incidents as a fold: state and the next sighting to what follows of it.

No database and no clock: the live watch, a dry run and a restart fold the same sightings in the
same order, the feed's, into the same candidates. Windows are of effective time. All is bounded:
a rule remembers the incidents told last, a candidate holds so many, so many are open at a time.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from services.problem.trends.group import MOST_MATCHES, Episode, Group
from services.problem.trends.rules import SYMPTOM, Key, TrendRule, reader
from services.problem.trends.sighting import Sighting

MOST_REMEMBERED = 10_000
"""A rule remembers so many of the incidents it looks at, those told last."""
LOOKS_BACK = 500_000
"""And none that was told of more than so many positions of the feed before."""
MOST_OPEN = 500
"""A rule with so many open candidates raises no more until people have decided on some."""


class Found(NamedTuple):
    """A trend that becomes a candidate; what the others are like is what made it one."""

    rule: TrendRule
    candidate: UUID
    key: Key
    matches: Sequence[Sighting]
    raised_by: Sighting


class Joined(NamedTuple):
    """One more incident of a candidate that is open."""

    rule: TrendRule
    candidate: UUID
    match: Sighting


class RuleWatch:
    """One rule, and what it remembers; takes incidents in the order of the feed."""

    def __init__(self, rule: TrendRule) -> None:
        self.rule = rule
        self.open = 0
        self.held_back = False  # whether a candidate was not raised because too many are open
        self._read = reader(rule)
        self._groups: dict[Key, Group] = {}
        self._episodes: dict[UUID, Episode] = {}
        self._pending: dict[int, Sighting] = {}  # by the number of the id: quick to look up
        self._used: dict[int, Sighting] = {}
        self._told: deque[Sighting] = deque()  # oldest first; what was told again stands twice
        self._most = max(rule.at_least, MOST_MATCHES)
        self._window = rule.window
        self._counts = rule.burst is not None

    def take(self, sighting: Sighting) -> Found | Joined | None:
        """What follows of the next fact."""
        group = self._entered(sighting)
        if group is None:
            return None
        if group.episodes:
            episode = group.episode_of(sighting, self.rule, self._window)
            if episode is not None:
                return self._belongs(sighting, group, episode)
        self._keep(sighting, group)
        return self._found(sighting, group)

    def adopt(self, sighting: Sighting, *, is_evidence: bool) -> None:
        """Remember an incident after a restart: what followed of it is known."""
        group = self._entered(sighting)
        if group is None and is_evidence:
            self._told.append(sighting)
            self._used[sighting.incident.int] = sighting
        if group is None:
            return
        episode = group.episode_of(sighting, self.rule, self._window)
        if is_evidence or (episode is not None and episode.is_full):
            self._use(sighting, group)
            self._tidy(group)
        else:
            self._keep(sighting, group)

    def resume(self, episode: Episode) -> None:
        """Remember a candidate after a restart."""
        episode.is_full = episode.size >= self._most
        self._group(episode.key).episodes.append(episode)
        self._episodes[episode.candidate] = episode
        self.open += episode.is_open
        if len(self._episodes) > 2 * MOST_OPEN:
            self._drop(next(each for each in self._episodes.values() if not each.is_open))

    def decide(self, candidate: UUID) -> None:
        """People have decided: nothing joins it any more."""
        episode = self._episodes.get(candidate)
        if episode is None or not episode.is_open:
            return
        episode.is_open = False
        self.open -= 1
        if not episode.is_full:
            self._drop(episode)

    def _entered(self, sighting: Sighting) -> Group | None:
        """Where an incident belongs that is no evidence yet; what was known of it is replaced."""
        if self._told and self._told[0].position <= sighting.position - LOOKS_BACK:
            self._forget_before(sighting.position - LOOKS_BACK)
        incident = sighting.incident.int
        if incident in self._used:
            return None  # evidence is frozen: whatever it is by now, it was this
        if incident in self._pending:
            self._leave(self._pending.pop(incident))
        key = self._read(sighting)
        if key is None:
            return None
        if len(self._told) >= MOST_REMEMBERED:
            self._make_room()
        self._told.append(sighting)
        return self._group(key)

    def _belongs(self, sighting: Sighting, group: Group, episode: Episode) -> Joined | None:
        """To a candidate: as evidence, unless that is full."""
        self._use(sighting, group)
        if episode.is_full:
            return None
        episode.join(sighting)
        episode.is_full = episode.size >= self._most
        return Joined(self.rule, episode.candidate, sighting)

    def _found(self, sighting: Sighting, group: Group) -> Found | None:
        matches = group.trend(sighting, self.rule, self._window)
        if not matches:
            return None
        if self.open >= MOST_OPEN:
            self.held_back = True
            return None
        for each in matches:
            group.remove(self._pending.pop(each.incident.int), self.rule)
            self._used[each.incident.int] = each
        candidate = uuid5(sighting.event, self.rule.name)
        self.resume(_episode(candidate, group.key, matches, sighting))
        return Found(self.rule, candidate, group.key, matches, sighting)

    def _group(self, key: Key) -> Group:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(key)
        return group

    def _drop(self, episode: Episode) -> None:
        del self._episodes[episode.candidate]
        group = self._groups[episode.key]
        group.episodes.remove(episode)
        self._tidy(group)

    def _keep(self, sighting: Sighting, group: Group) -> None:
        self._pending[sighting.incident.int] = sighting
        group.add(sighting, self.rule)
        if self._counts:
            group.count(sighting)

    def _use(self, sighting: Sighting, group: Group) -> None:
        self._used[sighting.incident.int] = sighting
        if self._counts:
            group.count(sighting)

    def _leave(self, sighting: Sighting) -> None:
        group = self._group_of(sighting)
        group.remove(sighting, self.rule)
        if self._counts:
            group.discount(sighting)
        self._tidy(group)

    def _group_of(self, sighting: Sighting) -> Group:
        key = self._read(sighting)
        if key is None:
            raise LookupError("what the rule does not look at is in no group")
        return self._groups[key]

    def _tidy(self, group: Group) -> None:
        if group.is_empty:
            del self._groups[group.key]

    def _make_room(self) -> None:
        """Once too much is remembered, or what was told again stands too often in the queue."""
        while self._told and len(self._pending) + len(self._used) >= MOST_REMEMBERED:
            self._forget_next()
        if len(self._told) >= 2 * MOST_REMEMBERED:
            self._told = deque(each for each in self._told if self._remembers(each))

    def _forget_before(self, position: int) -> None:
        while self._told and self._told[0].position <= position:
            self._forget_next()

    def _remembers(self, sighting: Sighting) -> bool:
        number = sighting.incident.int
        return sighting is self._pending.get(number) or sighting is self._used.get(number)

    def _forget_next(self) -> None:
        sighting = self._told.popleft()
        number = sighting.incident.int
        if self._pending.get(number) is sighting:
            del self._pending[number]
            self._leave(sighting)
        elif self._used.get(number) is sighting:
            del self._used[number]
            if self._counts and self._read(sighting) is not None:
                group = self._group_of(sighting)
                group.discount(sighting)
                self._tidy(group)


def _episode(candidate: UUID, key: Key, matches: Sequence[Sighting], like: Sighting) -> Episode:
    made = Episode(candidate, key, matches[0].when, matches[-1].when, len(matches))
    made.symptom = like.traits[SYMPTOM] or ""
    return made


class Fold:
    """All rules that are active, each for itself."""

    def __init__(self, rules: Sequence[TrendRule]) -> None:
        self.watches = [RuleWatch(rule) for rule in rules if rule.active]

    def take(self, sighting: Sighting) -> Iterator[Found | Joined]:
        """What follows of the next fact, in the order of the rules."""
        for watch in self.watches:
            outcome = watch.take(sighting)
            if outcome is not None:
                yield outcome

    def decide(self, candidate: UUID) -> None:
        """People have decided on this candidate."""
        for watch in self.watches:
            watch.decide(candidate)
