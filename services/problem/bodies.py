"""What the commands of the problem service take."""

import re
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from services.problem.events import ChangeState, NodeReference
from shared.http.body import Body, Line, Lines, Moment, Name, Text, Whole

Level = Annotated[Whole, Field(ge=1, le=9, description="1 is the highest")]
Tag = Annotated[str, Field(min_length=1, max_length=100)]
Evidence = Annotated[list[Line], Field(max_length=50)]
Reference = Annotated[str, Field(min_length=1, max_length=40, examples=["INC-1"])]


def _a_day(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"(19[7-9]|[2-9]\d\d)\d-\d\d-\d\d", value):
        raise ValueError("must be a day between 1970 and 9999, such as 2030-12-01")
    return value


Day = Annotated[date, BeforeValidator(_a_day), Field(examples=["2030-12-01"])]


class Logging(Body):
    """A new problem; what is not stated is copied from its incidents, or set when assessing."""

    title: (
        Annotated[Line, Field(examples=["Checkout slows down when its cache expires"])] | None
    ) = None
    description: Text | None = None
    incidents: Annotated[list[Reference], Field(max_length=500)] = []
    service: Name | None = None
    item: Name | None = None
    category: Name | None = None
    subcategory: Name | None = None
    impact: Level | None = None
    urgency: Level | None = None
    group: Name | None = None
    assigned_to: Name | None = None
    owner: Name | None = None
    started_at: Moment | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    hold: Annotated[StrictBool, Field(description="Its incidents are to wait for it")] = False

    @model_validator(mode="after")
    def _has_a_title(self) -> Self:
        if not self.title and not self.incidents:
            raise ValueError("give a title, or the incidents it is raised from")
        return self

    def facts(self) -> dict[str, Any]:
        """What is stated of it beside its incidents, as a command takes it."""
        told = {name: value for name, value in self.arguments().items() if value}
        told.pop("incidents", None)
        return told | {"tags": tuple(self.tags)}


class Assessment(Body):
    """What was stated when it was raised may be left out."""

    category: Name | None = None
    subcategory: Name | None = None
    impact: Level | None = None
    urgency: Level | None = None
    owner: Name | None = None
    major: StrictBool = False


class Prioritisation(Body):
    impact: Level
    urgency: Level
    override: Level | None = None
    reason: Text | None = None
    major: StrictBool | None = None


class Assignment(Body):
    """A group, a person, the owner; null clears, what is left out stays."""

    group: Name | None = None
    person: Name | None = None
    owner: (
        Annotated[Name, Field(description="Who sees to it that the problem is solved")] | None
    ) = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name a group, a person or an owner")
        return self


class Note(Body):
    text: Text


class IncidentLink(Body):
    incident: Reference


class Proof(Body):
    """An analysis of this problem, or an entry of it by its number."""

    analysis: UUID
    node: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None

    def reference(self) -> NodeReference:
        """The same for the domain."""
        return NodeReference(analysis=self.analysis, node=self.node)


class RootCauseFinding(Body):
    """What is behind it; what proves that, in words or as entries of analyses."""

    cause: Annotated[Text, Field(examples=["The connection pool is smaller than its callers"])]
    evidence: Annotated[Lines, Field(examples=[["heap dump of 10:04"]])] = []
    nodes: Annotated[list[Proof], Field(max_length=50)] = []
    at: Moment | None = None


class Workaround(Body):
    text: Annotated[Text, Field(examples=["Restart the cache node by node"])]


class Fix(Body):
    fix: Text
    target_date: Day
    change: Annotated[Name, Field(description="Reference of a planned change")] | None = None


class ChangeReport(Body):
    reference: Annotated[Name, Field(examples=["CHG-118"])]
    state: ChangeState


class Resolution(Body):
    summary: Text
    at: Moment | None = None


class Review(Body):
    """What the review of a major problem came to."""

    outcome: Annotated[Text, Field(examples=["Solved; no other pool is as small"])]
    what_happened: Text
    went_well: Text
    went_badly: Text
    prevention: Annotated[Text, Field(description="What keeps it from coming back")]
    participants: Annotated[list[Name], Field(max_length=100)] = []
    at: Moment | None = None


class Closure(Body):
    """For a major problem its review, or the outcome of that here."""

    lessons_learned: Text | None = None
    review_outcome: Text | None = None


class Risk(Body):
    reason: Text
    approver: Name
    review_date: Day


class Duplicate(Body):
    of: Annotated[str, Field(min_length=1, max_length=40, examples=["PRB-1"])]


class Reason(Body):
    reason: Text


class NewTask(Body):
    title: Line
    assigned_to: Name | None = None
    due: Day | None = None


class CompletedTask(Body):
    task: UUID
    at: Moment | None = None


class NoArguments(Body):
    """A command without arguments; the body may be left out."""


class Acceptance(Body):
    """The problem a candidate becomes; what is left out comes from its incidents."""

    title: Line | None = None
    description: Text | None = None
    owner: Name | None = None

    def facts(self) -> dict[str, Any]:
        """What is stated, as a command takes it."""
        return {name: value for name, value in self.arguments().items() if value is not None}


class Merging(Body):
    into: Annotated[str, Field(min_length=1, max_length=40, examples=["PRB-1"])]
