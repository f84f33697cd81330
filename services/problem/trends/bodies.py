"""Trend rules as they are put in force, or tried."""

from typing import Annotated, Self

import msgspec
from pydantic import Field, StrictBool, field_validator, model_validator

from services.problem.trends.rules import DEFAULT, TrendRule
from services.problem.trends.sighting import Trait
from shared.http.body import Body, Name, Whole

Values = Annotated[list[Name], Field(max_length=100)]
Levels = Annotated[list[Annotated[Whole, Field(ge=1, le=9)]], Field(max_length=9)]
Part = Annotated[str, Field(min_length=2, max_length=100, examples=["timeout"])]
Traits = Annotated[list[Trait], Field(max_length=5)]
_YEAR = 24 * 366


class WhereBody(Body):
    """Which incidents the rule looks at: one of the values of each field that names some.

    `title_contains`: parts of titles, in any case, not patterns; `absent`: what must not be stated.
    """

    service: Values = []
    item: Values = []
    category: Values = []
    subcategory: Values = []
    impact: Levels = []
    urgency: Levels = []
    title_contains: Annotated[list[Part], Field(max_length=20)] = []
    absent: Traits = []


class BurstBody(Body):
    """At least so many times what the rate of so many hours before the window would bring."""

    times: Annotated[Whole, Field(ge=2, le=1_000)]
    over_hours: Annotated[Whole, Field(ge=1, le=_YEAR)]


class TrendRuleBody(Body):
    """At least so many incidents that are alike within so many hours of effective time.

    Alike: the same in each of these traits (`symptom` is the title without its numbers and signs),
    and, with `similar`, in titles that share at least such a part of their trigrams.
    """

    name: Name
    active: StrictBool = True
    same: Traits = []
    where: WhereBody = WhereBody()
    similar: Annotated[float, Field(ge=0.3, le=1, allow_inf_nan=False)] | None = None
    at_least: Annotated[Whole, Field(ge=2, le=200)]
    within_hours: Annotated[Whole, Field(ge=1, le=_YEAR)]
    burst: BurstBody | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.rule().says_nothing:
            raise ValueError(
                "every incident would match: say what they have in common (same, similar), "
                "or which it looks at (where)"
            )
        if set(self.same) & set(self.where.absent):
            raise ValueError("it looks for the same of what it wants to be absent")
        return self

    def rule(self) -> TrendRule:
        """As the watch takes it."""
        return msgspec.convert(self.model_dump(mode="json"), TrendRule)


class TrendRulesDocument(Body):
    """Rules, each for itself; the name of a rule says whose evidence an incident is already."""

    rules: Annotated[list[TrendRuleBody], Field(max_length=200)]

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: list[TrendRuleBody]) -> list[TrendRuleBody]:
        if len({rule.name for rule in rules}) < len(rules):
            raise ValueError("each rule has a name of its own")
        if sum(rule.active for rule in rules) > 100:
            raise ValueError("at most 100 rules are active at a time")
        return rules


BUILT_IN = TrendRulesDocument.model_validate({"rules": msgspec.to_builtins(DEFAULT)})
"""In force until others are set."""
