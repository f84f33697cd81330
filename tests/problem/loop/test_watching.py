"""Which incidents look like what was fixed: told without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.problem.copies import IncidentCopy
from services.problem.loop.watching import Fixed, Watched, WatchRule
from services.problem.trends.sighting import TRAITS

FIXED = datetime(2026, 11, 1, tzinfo=UTC)
CLOSED = FIXED + timedelta(days=2)
LOOK: dict[str, str | None] = {"service": "checkout", "category": "database"}


def copy(at: datetime = CLOSED, id: int = 7, /, **traits: Any) -> IncidentCopy:
    empty: dict[str, Any] = dict.fromkeys(("service", "item", "category", "subcategory"))
    told = empty | {"symptom": ""} | LOOK | traits
    return IncidentCopy(
        id=UUID(int=id), number=f"INC-{id}", title="Slow", status="open", impact=None,
        urgency=None, occurred_at=at, event=UUID(int=1), **told,
    )  # fmt: skip


def fixed(*looks: dict[str, str | None], incidents: frozenset[UUID] = frozenset()) -> Fixed:
    return Fixed(id=UUID(int=1), fixed_at=FIXED, closed_at=CLOSED, incidents=incidents, looks=looks)


@pytest.mark.parametrize(
    ("at", "is_one"),
    [
        (FIXED, False),
        (FIXED + timedelta(microseconds=1), True),
        (CLOSED + timedelta(days=30), True),
        (CLOSED + timedelta(days=30, microseconds=1), False),
    ],
)
def test_what_happens_after_the_fix_and_in_the_window_counts(at: datetime, is_one: bool) -> None:
    watched = Watched(WatchRule(), [fixed(LOOK)])
    assert bool(watched.matching(copy(at))) is is_one


def test_it_shares_all_traits_of_one_set_with_the_problem_or_one_of_its_incidents() -> None:
    looks: list[dict[str, str | None]] = [
        {"service": "checkout", "category": "network"},
        LOOK | {"symptom": "slow"},
    ]
    watched = Watched(WatchRule(), [fixed(*looks)])
    assert watched.matching(copy())
    assert watched.matching(copy(category=None, symptom="slow"))
    assert not watched.matching(copy(category="storage", symptom="down"))
    assert not watched.matching(copy(service=None, symptom="slow"))
    assert not watched.matching(copy(service="search"))


def test_what_was_linked_before_is_no_recurrence() -> None:
    watched = Watched(WatchRule(), [fixed(LOOK, incidents=frozenset({UUID(int=7)}))])
    assert not watched.matching(copy())
    assert watched.matching(copy(CLOSED, 8))


def test_nothing_is_watched_where_the_rule_says_so() -> None:
    assert not Watched(WatchRule(watch_days=0), [fixed(LOOK)]).matching(
        copy(CLOSED + timedelta(seconds=1))
    )
    assert not Watched(WatchRule(same=()), [fixed(LOOK)]).matching(copy())


VALUES = st.sampled_from(["a", "b", None])
LOOKS = st.fixed_dictionaries(dict.fromkeys(TRAITS, VALUES))
RULES = st.lists(
    st.lists(st.sampled_from(TRAITS), min_size=1, max_size=3, unique=True).map(tuple), max_size=3
).map(tuple)


@given(rule=RULES, looks=st.lists(LOOKS, max_size=4), mine=LOOKS)
def test_it_finds_what_a_plain_comparison_finds(
    rule: Any, looks: list[dict[str, str | None]], mine: dict[str, str | None]
) -> None:
    found = Watched(WatchRule(same=rule), [fixed(*looks)]).matching(copy(**mine))
    plain = any(
        all(mine[name] and mine[name] == look[name] for name in names)
        for names in rule
        for look in looks
    )
    assert bool(found) is plain
    assert len(found) <= 1
