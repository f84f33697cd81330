"""What an alert becomes: ordered rules from labels to an incident's fields, as policy data."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from services.incident.bodies import Level
from shared.http.body import Body, Line, Name, Whole

LONGEST_MATCHED = 1_000
_CLASS = r"\[\^?(?:(?!--|&&|~~)[^\[\]\\])+\]"
_PIECE = rf"(?:\\[dwsDWS\W]|{_CLASS}|[^\\\[\](){{}}*+?|^$])"
_REPEAT = r"(?:[*+?]|\{\d{1,2}(?:,\d{0,2})?\})"
_ALTERNATIVE = re.compile(rf"(?:{_PIECE}{_REPEAT}?)*")
_REPEATED = re.compile(rf"{_PIECE}({_REPEAT})?")
_MOST_REPEATS = 2


def _bounded(pattern: str) -> str:
    """Without groups and with few repeats, no label can make a pattern slow."""
    for alternative in pattern.split("|"):
        if not _ALTERNATIVE.fullmatch(alternative):
            raise ValueError("must be a regular expression without groups, anchors and references")
        if sum(1 for repeat in _REPEATED.findall(alternative) if repeat) > _MOST_REPEATS:
            raise ValueError(f"each alternative may repeat at most {_MOST_REPEATS} times")
    try:
        re.compile(pattern)
    except re.error as failure:
        raise ValueError(f"is no regular expression: {failure}") from None
    return pattern


Label = Annotated[str, Field(min_length=1, max_length=200)]
Pattern = Annotated[
    str,
    Field(max_length=200, examples=["web-.*|api-[0-9]+"]),
    AfterValidator(_bounded),
]


class Match(Body):
    """A label's whole value, compared as it is or with a regular expression without groups."""

    label: Label
    equals: Annotated[str | None, Field(max_length=LONGEST_MATCHED)] = None
    matches: Pattern | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.equals is None) == (self.matches is None):
            raise ValueError("give either equals or matches")
        return self

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether the label has such a value; a missing one counts as empty."""
        value = labels.get(self.label, "")
        if self.matches is None:
            return value == self.equals
        return len(value) <= LONGEST_MATCHED and bool(re.fullmatch(self.matches, value))


class AlertRule(Body):
    """What the alerts become whose labels fit all of `match`."""

    name: Line | None = None
    match: Annotated[list[Match], Field(max_length=20)] = []
    service: Name | None = None
    service_label: Annotated[Label, Field(description="Names the service if no rule does")] = (
        "service"
    )
    default_service: Name | None = None
    item: Name | None = None
    category: Name | None = None
    subcategory: Name | None = None
    impact: Level | None = None
    urgency: Level | None = None
    group: Name | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.impact is None) != (self.urgency is None):
            raise ValueError("give both impact and urgency, or neither")
        return self

    def details(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """The fields of the incident's declaration that this rule decides."""
        named = labels.get(self.service_label, "").strip()[:100].strip()
        return {
            "service": self.service or named or self.default_service,
            "item": self.item,
            "category": self.category,
            "subcategory": self.subcategory,
            "group": self.group,
        }


def _severity(value: str, impact: int, urgency: int) -> AlertRule:
    match = [Match(label="severity", equals=value)]
    return AlertRule(name=f"severity {value}", match=match, impact=impact, urgency=urgency)


class AlertRulesDocument(Body):
    """The first rule that fits decides; alerts that fit none wait for triage."""

    rules: Annotated[list[AlertRule], Field(max_length=200)] = [
        _severity("critical", 2, 1),
        _severity("warning", 3, 2),
        _severity("info", 3, 3),
    ]
    reopen_window_minutes: Annotated[Whole, Field(ge=0, le=10_080)] = 30
    resolve_when_unacknowledged: StrictBool = True
    echo_minutes: Annotated[
        int, Field(ge=1, le=1_440, description="How late a slow peer of the monitor may repeat")
    ] = 10

    @property
    def window(self) -> timedelta:
        """How long after its end a group that fires again reopens its incident."""
        return timedelta(minutes=self.reopen_window_minutes)

    @property
    def echo(self) -> timedelta:
        """How long a firing told again counts as an echo of what has ended."""
        return timedelta(minutes=self.echo_minutes)

    def rule_for(self, labels: Mapping[str, str]) -> AlertRule:
        """The rule that decides about these labels."""
        return next((r for r in self.rules if all(m.fits(labels) for m in r.match)), AlertRule())


def rules_of(document: dict[str, Any] | None) -> AlertRulesDocument:
    """The rules of a stored policy document; the built-in ones where none was set."""
    return AlertRulesDocument(**(document or {}))
