"""What the commands of a review take."""

import re
from datetime import date
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.http.body import Body, Line, Name, Text, Whole

SectionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$", examples=["lessons"])]


def _a_day(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"2\d\d\d-\d\d-\d\d", value, re.ASCII):
        raise ValueError("must be a day from 2000 to 2999, such as 2030-12-01")
    return value


Due = Annotated[date, BeforeValidator(_a_day), Field(examples=["2030-12-01"])]
ItemNumber = Annotated[Whole, Field(ge=1, le=10_000)]


class Section(Body):
    """A section as a whole. The five of every review are required, others may be added."""

    section: SectionName
    text: Annotated[str, Field(max_length=100_000, examples=["The pool was too small."])]


class NewActionItem(Body):
    title: Line
    owner: Name | None = None
    due: Due | None = None


class ActionItemChange(Body):
    """What is left out stays."""

    item: ItemNumber
    title: Line | None = None
    owner: Name | None = None
    due: Due | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.title is None and self.owner is None and self.due is None:
            raise ValueError("name a title, an owner or a due date")
        return self


class WhichActionItem(Body):
    item: ItemNumber


class DroppedActionItem(Body):
    item: ItemNumber
    reason: Text
