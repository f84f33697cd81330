"""The policies of major incidents as they are written: trigger rules, communication plans."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.incident.bodies import Labels, Level, Tag
from services.incident.catalogue.events import Criticality
from shared.http.body import Body, Name, Whole

Names = Annotated[list[Name], Field(min_length=1, max_length=200)]
Minutes = Annotated[Whole, Field(ge=1, le=10_080)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", examples=["management"])]


class Trigger(Body):
    """All that is named must hold: of a list any of its values, of the labels each."""

    priority_at_most: Level | None = None
    impact_at_most: Level | None = None
    urgency_at_most: Level | None = None
    services: Names | None = None
    criticality: Annotated[list[Criticality], Field(min_length=1, max_length=10)] | None = None
    items: Names | None = None
    categories: Names | None = None
    subcategories: Names | None = None
    groups: Names | None = None
    sources: Names | None = None
    tags: Annotated[list[Tag], Field(min_length=1, max_length=50)] | None = None
    labels: Labels | None = None
    more_children_than: Annotated[Whole, Field(ge=0, le=1_000)] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not any(value is not None for value in self.arguments().values()):
            raise ValueError("name at least one condition")
        return self


class TriggerRule(Body):
    """`propose` leaves it to the major incident manager, `promote` does not."""

    name: Name
    then: Literal["propose", "promote"]
    when: Trigger


class TriggersDocument(Body):
    """The first rule that holds decides."""

    rules: Annotated[list[TriggerRule], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len({rule.name for rule in self.rules}) < len(self.rules):
            raise ValueError("two rules have the same name")
        return self


class Cadence(Body):
    """From its acceptance to the first update, then from one to the next."""

    priority: Level
    first_minutes: Minutes
    then_minutes: Minutes


class AudiencePlan(Body):
    """A priority without a cadence has that of the nearest higher one; without any, the first."""

    audience: Slug
    channel: Name | None = None
    template: Name | None = None
    cadence: Annotated[list[Cadence], Field(min_length=1, max_length=9)]

    @model_validator(mode="after")
    def _one_a_priority(self) -> Self:
        if len({each.priority for each in self.cadence}) < len(self.cadence):
            raise ValueError("a priority has two cadences")
        return self


class PlansDocument(Body):
    """Who is told of a major incident, how often, and how long before that somebody is reminded."""

    audiences: Annotated[list[AudiencePlan], Field(max_length=20)]
    remind_minutes: Annotated[Whole, Field(ge=0, le=1_440)] = 5

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len({each.audience for each in self.audiences}) < len(self.audiences):
            raise ValueError("an audience is named twice")
        return self


_CADENCE = [
    Cadence(priority=1, first_minutes=15, then_minutes=30),
    Cadence(priority=2, first_minutes=30, then_minutes=60),
]
PLANS = PlansDocument(
    audiences=[
        AudiencePlan(audience=name, cadence=_CADENCE)
        for name in ("management", "affected-users", "technical-teams")
    ]
)
"""Regulators are told by their own clocks, not every half hour."""
