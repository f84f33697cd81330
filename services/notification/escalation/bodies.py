"""What the commands of escalation policies take."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from services.notification.escalation.events import EscalationPolicySet, Step, Target
from services.notification.references import Named
from shared.http.body import Body, Line, Name, Whole

_EXAMPLE: Any = {
    "key": "payments",
    "name": "Payments: on call, then the team",
    "steps": [
        {"targets": [{"schedule": "payments"}], "wait_minutes": 5},
        {"targets": [{"team": "payments"}, {"person": "ada"}], "wait_minutes": 10},
    ],
    "repeat": 1,
}


class TargetDocument(Body):
    """A person, a team, or a schedule: one of them."""

    person: Name | None = None
    team: Name | None = None
    schedule: Annotated[Name | None, Field(description="Whoever is on call by it then")] = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(each is not None for each in (self.person, self.team, self.schedule)) != 1:
            raise ValueError("name a person, a team or a schedule")
        return self

    def named(self, pointer: str) -> list[Named]:
        """What it names of this service: people are known by their tokens alone."""
        told = {"team": self.team, "schedule": self.schedule}
        return [Named(f"{pointer}/{noun}", noun, key) for noun, key in told.items() if key]


class StepDocument(Body):
    """These are paged at once; without an answer in this time the next step follows."""

    targets: Annotated[list[TargetDocument], Field(min_length=1, max_length=20)]
    wait_minutes: Annotated[Whole, Field(ge=1, le=1440)] = 5

    def said(self) -> Step:
        """As it is stored."""
        targets = tuple(Target(**target.arguments()) for target in self.targets)
        return Step(targets=targets, wait_minutes=self.wait_minutes)


class EscalationPolicyDocument(Body):
    """Who is paged in which order, until somebody acknowledges."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    key: Annotated[Name, Field(examples=["payments"])]
    name: Annotated[Line, Field(examples=["Payments: on call, then the team"])]
    steps: Annotated[list[StepDocument], Field(min_length=1, max_length=10)]
    repeat: Annotated[Whole, Field(ge=0, le=9, description="How often all of it again")] = 0

    def said(self) -> EscalationPolicySet:
        """As it is stored."""
        steps = tuple(step.said() for step in self.steps)
        return EscalationPolicySet(key=self.key, name=self.name, steps=steps, repeat=self.repeat)

    def named(self) -> list[Named]:
        """What its steps name of this service."""
        found = []
        for place, step in enumerate(self.steps):
            for at, target in enumerate(step.targets):
                found += target.named(f"/steps/{place}/targets/{at}")
        return found
