"""The fold finds what brute force finds, whatever is told in whatever order."""

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.problem.trends import fold as folding
from services.problem.trends.fold import Found, RuleWatch
from services.problem.trends.group import MOST_MATCHES, Episode
from services.problem.trends.rules import Burst, TrendRule, Where
from services.problem.trends.sighting import Sighting
from tests.problem.trends.brute import Brute
from tests.problem.trends.telling import sighting

TITLES = (
    "Checkout is slow", "chekout is  slow", "Checkout is down", "Mail queue is full", "Mail: full",
    "磁盘已满", "قرص ممتلئ", "42",
)  # fmt: skip
some = st.sampled_from
seeds = st.integers(0, 2**32)
rules = st.builds(
    TrendRule,
    name=st.just("rule"),
    same=some([("service",), ("service",), ("service", "category"), ("symptom",), ()]),
    where=some([
        Where(), Where(), Where(), Where(), Where(service=("mail",)), Where(absent=("category",)),
        Where(impact=(1,)), Where(title_contains=("SLOW", "满")),
    ]),
    similar=some([None, None, 0.3, 0.5, 0.7, 1.0]),
    at_least=st.integers(2, 4),
    within_hours=some([1, 3, 8]),
    burst=some([None, None, Burst(times=2, over_hours=12), Burst(times=3, over_hours=40)]),
)  # fmt: skip


class Told:
    """What a watch has told so far."""

    def __init__(self) -> None:
        self.found: dict[UUID, list[Sighting]] = {}

    def take(self, watch: RuleWatch, each: Sighting) -> None:
        outcome = watch.take(each)
        if isinstance(outcome, Found):
            self.found[outcome.candidate] = list(outcome.matches)
        elif outcome is not None:
            self.found[outcome.candidate].append(outcome.match)


def told_by(seed: int, count: int, start: int = 1) -> list[Sighting | int]:
    """So many facts, some about known incidents, with a decision now and then."""
    chance = Random(seed)
    steps: list[Sighting | int] = []
    for position in range(start, start + count):
        if chance.random() < 0.06:
            steps.append(chance.randrange(10))
        steps.append(
            sighting(
                position,
                incident=chance.choice([0, 0, 0, chance.randint(1, 30)]),
                hour=chance.randint(0, 40),
                title=chance.choice(TITLES[: chance.choice([2, 5, 8])]),
                service=chance.choice(["checkout", "checkout", "checkout", "mail", None]),
                category=chance.choice([None, None, "db", "net"]),
                impact=chance.choice([1, 2, None]),
                counts=chance.random() < 0.95,
            )
        )
    return steps


def in_both(rule: TrendRule, steps: Sequence[Sighting | int]) -> tuple[Told, Brute, RuleWatch]:
    watch, told, brute = RuleWatch(rule), Told(), Brute(rule)
    for each in steps:
        if isinstance(each, Sighting):
            told.take(watch, each)
            brute.take(each)
        elif told.found:
            watch.decide(list(told.found)[each % len(told.found)])
            brute.decide(each)
    return told, brute, watch


@settings(max_examples=300, deadline=None)
@given(rules, seeds)
def test_it_finds_what_brute_force_finds(rule: TrendRule, seed: int) -> None:
    told, brute, watch = in_both(rule, told_by(seed, 60))
    assert told.found == {each.id: each.matches for each in brute.found}
    assert watch.open == sum(not each.decided for each in brute.found)


@settings(max_examples=150, deadline=None)
@given(rules, seeds)
def test_a_watch_made_anew_of_what_is_stored_goes_on_as_if_nothing_had_happened(
    rule: TrendRule, seed: int
) -> None:
    """But for a rate: of evidence that is told of anew, only the newest is stored."""
    rule = msgspec.structs.replace(rule, burst=None)
    before, later = told_by(seed, 40), told_by(seed + 1, 20, start=41)
    _, brute, watch = in_both(rule, before)
    anew = RuleWatch(rule)
    for found in brute.found:
        if not found.decided:
            times = [each.when for each in found.matches]
            key = tuple(map(str, found.key))
            episode = Episode(found.id, key, min(times), max(times), len(times))
            episode.symptom = found.like
            anew.resume(episode)
    newest = {each.incident: each for each in before if isinstance(each, Sighting)}
    for each in sorted(newest.values(), key=lambda each: each.position):
        anew.adopt(each, is_evidence=each.incident in brute.evidence)
    for next_one in later:
        if isinstance(next_one, Sighting):
            assert _plain(anew.take(next_one)) == _plain(watch.take(next_one))


def _plain(outcome: Any) -> Any:
    return None if outcome is None else outcome[1:]


TEN_A_DAY = TrendRule(name="any", same=("service",), at_least=3, within_hours=24)


def test_a_candidate_is_full_in_the_end_and_what_happens_around_it_belongs_to_it() -> None:
    watch, told = RuleWatch(TEN_A_DAY), Told()
    for n in range(1, 1_001):
        told.take(watch, sighting(n, hour=n / 1_000))
    (matches,) = told.found.values()
    assert len(matches) == MOST_MATCHES
    for n in range(1_001, 1_004):
        told.take(watch, sighting(n, hour=30))
    assert len(told.found) == 2


def test_only_so_many_candidates_are_open_at_a_time() -> None:
    watch, told = RuleWatch(TEN_A_DAY), Told()
    for n in range(3 * (folding.MOST_OPEN + 10)):
        told.take(watch, sighting(n + 1, service=f"service-{n // 3}"))
    assert (len(told.found), watch.open, watch.held_back) == (500, 500, True)
    watch.decide(next(iter(told.found)))
    told.take(watch, sighting(9_000, service="service-505"))
    assert len(told.found) == 501


def test_a_rule_remembers_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MOST_REMEMBERED", 100)
    watch = RuleWatch(TrendRule(name="rare", same=("symptom",), at_least=3, within_hours=8_784))
    words = ["".join(chr(97 + int(d)) for d in str(n)) for n in range(300)]
    for n, word in enumerate(words, 1):
        watch.take(sighting(n, title=word))
    for n in range(301, 601):
        watch.take(sighting(n, incident=299, title="one that is told of again and again"))
    assert len(watch._pending) <= 100
    assert len(watch._told) <= 200
    assert len(watch._groups) <= 100


def test_what_was_told_long_ago_is_forgotten() -> None:
    watch, told = RuleWatch(TEN_A_DAY), Told()
    for position in (1, 2, 2 + folding.LOOKS_BACK):
        told.take(watch, sighting(position))
    assert told.found == {}
