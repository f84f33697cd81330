"""Which rules are taken, how incidents are read by them, and when titles are alike."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.problem.trends.bodies import TrendRuleBody, TrendRulesDocument
from services.problem.trends.rules import DEFAULT, TrendRule, Where, reader, rules_of
from services.problem.trends.text import similarity, symptom_of
from tests.problem.trends.brute import jaccard
from tests.problem.trends.telling import sighting

LEAST: dict[str, Any] = {"name": "x", "at_least": 2, "within_hours": 1}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "every incident would match"),
        ({"where": {"title_contains": []}}, "every incident would match"),
        ({"same": ["service"], "where": {"absent": ["service"]}}, "absent"),
        ({"same": ["title"]}, "Input should be"),
        ({"same": ["service"], "at_least": 1}, "greater than or equal to 2"),
        ({"same": ["service"], "within_hours": 9_000}, "less than or equal to 8784"),
        ({"similar": 0.1}, "greater than or equal to 0.3"),
        ({"similar": float("nan")}, "finite number"),
        ({"where": {"title_contains": ["a"]}}, "at least 2 characters"),
        ({"where": {"title_matches": ["(a+)+$"]}}, "Extra inputs"),
        ({"same": ["service"], "burst": {"times": 1, "over_hours": 5}}, "equal to 2"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        TrendRuleBody.model_validate(LEAST | more)


def test_so_many_rules_and_so_many_of_them_active() -> None:
    rule = LEAST | {"same": ["service"]}
    many = [rule | {"name": str(n), "active": n < 100} for n in range(200)]
    TrendRulesDocument.model_validate({"rules": many})
    with pytest.raises(ValidationError, match="100 rules are active"):
        TrendRulesDocument.model_validate({"rules": [*many[:199], rule]})


def test_parts_of_titles_are_no_patterns() -> None:
    looks_at = reader(TrendRule(**LEAST, where=Where(title_contains=("(a+)+$",))))
    assert looks_at(sighting(1, title="a" * 50_000 + "!")) is None
    assert looks_at(sighting(1, title="Regex (A+)+$ hangs")) == ()


def test_a_symptom_is_a_title_without_what_changes_each_time() -> None:
    assert symptom_of("[P1] Disk /var at 97% on db-03!") == "p disk var at on db"
    assert symptom_of("Größe überschritten: 12 GB") == "größe überschritten gb"


def test_titles_are_alike_by_the_trigrams_they_share() -> None:
    assert similarity("checkout is slow", "checkout is slow") == 1
    assert similarity("checkout is slow", "chekout is slow") == pytest.approx(14 / 19)
    assert similarity("checkout is slow", "mail is down") == jaccard(
        "checkout is slow", "mail is down"
    )
    assert similarity("ab" * 10_000, "xyz") == 0


def test_the_built_in_rules_are_those_of_no_document() -> None:
    assert rules_of(None) == DEFAULT
    stored = {"name": "x", "same": ["item"], "at_least": 2, "within_hours": 3}
    assert rules_of({"rules": [stored]}) == (
        TrendRule(name="x", same=("item",), at_least=2, within_hours=3),
    )
    document = TrendRulesDocument.model_validate({"rules": [stored]}).model_dump(mode="json")
    assert rules_of(document) == rules_of({"rules": [stored]})
