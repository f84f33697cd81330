"""What the commands of the incident service take."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StrictBool, field_validator, model_validator

from services.incident.events import EscalationKind, HoldReason, Milestone, ResolutionCode
from shared.auth.roles import Role
from shared.http.body import Body, Line, Lines, Moment, Name, Text, Whole, no_text

_LEVEL = Field(ge=1, le=9, description="1 is the highest")
Level = Annotated[int, _LEVEL, BeforeValidator(no_text)]  # as `Whole`, compared by pydantic's core
Tag = Annotated[str, Field(min_length=1, max_length=100)]
Labels = Annotated[dict[Tag, Annotated[str, Field(max_length=1000)]], Field(max_length=50)]


class Reporter(Body):
    """The person who reports; names and addresses are kept encrypted."""

    id: Name
    name: Line | None = None
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None


class Declaration(Body):
    """A new incident; impact and urgency may follow in triage."""

    title: Annotated[Line, Field(examples=["Checkout latency above its objective"])]
    description: Text | None = None
    service: Name | None = None
    item: Name | None = None
    category: Name | None = None
    subcategory: Name | None = None
    impact: Level | None = None
    urgency: Level | None = None
    group: Name | None = None
    assigned_to: Name | None = None
    reporter: Reporter | None = None
    source: Name | None = None
    started_at: Moment | None = None
    detected_at: Moment | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    labels: Labels = {}
    external_ref: Name | None = None


class Category(Body):
    category: Name | None = None
    subcategory: Name | None = None
    service: Name | None = None
    item: Name | None = None


class Prioritisation(Body):
    impact: Level
    urgency: Level
    override: Level | None = None
    reason: Text | None = None


class Assignment(Body):
    """A group, a person or both; null clears, what is left out stays."""

    group: Name | None = None
    person: Name | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name a group, a person or both")
        return self


class Hold(Body):
    reason: HoldReason
    note: Text | None = None
    problem: Name | None = None


class Note(Body):
    text: Annotated[Text, Field(examples=["Rolled back release 41 in region north"])]


class Escalation(Body):
    """To another line where somebody is named, else to management, unless `kind` says which."""

    reason: Text
    kind: EscalationKind | None = None
    group: Name | None = None
    person: Name | None = None


class MilestoneCorrection(Body):
    """When it happened in truth, and how that is known."""

    milestone: Milestone
    at: Moment
    reason: Text


class Diagnosis(Body):
    cause: Text
    evidence: Annotated[Lines, Field(examples=[["heap dump of 10:04"]])] = []


class Mitigation(Body):
    action: Text
    at: Moment | None = None


class Resolution(Body):
    code: ResolutionCode
    summary: Annotated[Text, Field(examples=["Rolled back release 41"])]
    known_error: Name | None = None
    at: Moment | None = None


class Reason(Body):
    reason: Text


class Restriction(Body):
    """To whom it is restricted beside its participants; a list that is left out stays as it is."""

    restricted: StrictBool = True
    people: Annotated[list[Name], Field(max_length=100)] | None = None
    roles: Annotated[list[Role], Field(max_length=len(Role))] | None = None
    teams: Annotated[list[Name], Field(max_length=50)] | None = None
    reason: Annotated[Text, Field(examples=["Under investigation by the security team"])]

    @model_validator(mode="after")
    def _lifted_for_all(self) -> Self:
        if not self.restricted and {"people", "roles", "teams"} & self.model_fields_set:
            raise ValueError("lifting a restriction names nobody")
        return self


class NoArguments(Body):
    """A command without arguments; the body may be left out."""


class MatrixDocument(Body):
    """Every impact with every urgency, as two digits, and the priority it leads to."""

    cells: Annotated[dict[str, Level], Field(min_length=1, max_length=81)] = Field(
        examples=[{"11": 1, "12": 2, "21": 2, "22": 3}]
    )

    @field_validator("cells")
    @classmethod
    def _two_digits(cls, cells: dict[str, int]) -> dict[str, int]:
        for cell in cells:
            if len(cell) != 2 or not set(cell) <= set("123456789"):
                raise ValueError("each cell is two digits from 1 to 9, impact then urgency")
        return cells


class ReopeningDocument(Body):
    """How long a closed incident may be reopened, and when a resolved one closes by itself."""

    window_days: Annotated[Whole, Field(ge=0, le=3650)] = 14
    auto_close_days: Annotated[Whole, Field(ge=1, le=3650)] | None = 5
