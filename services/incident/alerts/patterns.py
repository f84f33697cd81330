"""How a rule compares a label: as it is, with several, or with a pattern that is never slow."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from shared.http.body import Body

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
Value = Annotated[str, Field(max_length=LONGEST_MATCHED)]
Pattern = Annotated[
    str,
    Field(max_length=200, examples=["web-.*|api-[0-9]+"]),
    AfterValidator(_bounded),
]


class Cost(NamedTuple):
    """How much work a pattern may be: how many alternatives, how many of them repeat twice."""

    alternatives: int
    slow: int  # on a long label, as many steps as it has pairs of characters


def cost_of(pattern: str) -> Cost:
    """What comparing with it costs at most."""
    alternatives = pattern.split("|")
    repeats = (sum(map(bool, _REPEATED.findall(each))) for each in alternatives)
    return Cost(len(alternatives), sum(each == _MOST_REPEATS for each in repeats))


@lru_cache(maxsize=2_000)
def _fits(pattern: str, value: str) -> bool:
    return bool(re.fullmatch(pattern, value))


class Match(Body):
    """A label's whole value: equal to one, one of several, or fitting a pattern without groups."""

    label: Label
    equals: Value | None = None
    one_of: Annotated[list[Value], Field(min_length=1, max_length=100)] | None = None
    matches: Pattern | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if [self.equals, self.one_of, self.matches].count(None) != 2:
            raise ValueError("give either equals or matches or one_of")
        return self

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether the label has such a value; a missing one counts as empty."""
        value = labels.get(self.label, "")
        if self.matches is None:
            return value == self.equals if self.one_of is None else value in self.one_of
        return len(value) <= LONGEST_MATCHED and _fits(self.matches, value)
