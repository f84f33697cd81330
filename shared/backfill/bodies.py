"""What a step of another system's record says, whatever it is a record of."""

from collections.abc import Sequence
from typing import Annotated, Any, Protocol, Self

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, model_validator

from shared.backfill.history import Step
from shared.http.body import Body, Moment, Name, Text

MOST_RECORDS = 100
MOST_STEPS = 5_000


_WHOLE = 2**53  # further from zero not every whole number is one in everybody's JSON


def _no_whole(value: Any) -> Any:
    """A whole number that is too large must not become another one by being made a decimal."""
    if isinstance(value, int) and abs(value) > _WHOLE:
        raise ValueError("must be from -2^53 to 2^53")
    return value


_Number = Annotated[StrictInt, Field(ge=-_WHOLE, le=_WHOLE)]
_Decimal = Annotated[StrictFloat, Field(ge=-_WHOLE, le=_WHOLE), BeforeValidator(_no_whole)]
_Words = Annotated[str, Field(max_length=1_000)]
_Value = Annotated[
    _Words | _Number | StrictBool | _Decimal | None, Field(union_mode="left_to_right")
]
_Stated = dict[Name, _Value]


class StepBody(Body):
    """One change of the source's record."""

    at: Moment
    by: Annotated[Name, Field(description="Who did it there: a key, never a name or an address")]
    note: Text | None = None
    source: Annotated[
        _Stated,
        Field(
            max_length=60,
            description="The source's own counters, verdicts and references, kept as they are",
        ),
    ] = {}

    def step(self, said: dict[str, Any]) -> Step:
        """The same for the domain, saying this of our own fields."""
        return Step(at=self.at, by=self.by, set=said, note=self.note, source=self.source)

    @model_validator(mode="after")
    def _leaves_our_word(self) -> Self:
        if "system" in self.source:
            raise ValueError("`system` is what `source` names its system by; use another name")
        return self


class _Record(Protocol):
    @property
    def external_ref(self) -> str: ...
    @property
    def steps(self) -> Sequence[object]: ...


def bounded(records: Sequence[_Record], kind: str) -> None:
    """Raises ValueError for more than one request may hold, or the same record twice."""
    if sum(len(each.steps) for each in records) > MOST_STEPS:
        raise ValueError(f"at most {MOST_STEPS} steps in one request")
    if len({each.external_ref for each in records}) < len(records):
        raise ValueError(f"two {kind} have the same external_ref")
