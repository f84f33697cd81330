"""What a backfill takes: problems of another system, each as the steps of its record."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from services.problem.bodies import Level, Tag
from shared.backfill.bodies import MOST_RECORDS, MOST_STEPS, StepBody, bounded
from shared.backfill.history import History, Step
from shared.http.body import Body, Line, Moment, Name, Text


class Changes(Body):
    """What the record says from then on; what is left out stays as it was, null clears."""

    status: Annotated[
        Literal[
            "new",
            "assessing",
            "root_cause_analysis",
            "fix_in_progress",
            "resolved",
            "closed",
            "risk_accepted",
            "cancelled",
        ],
        Field(description="The first step's is new where it is left out"),
    ] = "new"
    service: Name | None = None
    item: Name | None = None
    category: Name | None = None
    subcategory: Name | None = None
    impact: Level | None = None
    urgency: Level | None = None
    priority: Annotated[Level | None, Field(description="The source's own; no matrix")] = None
    owner: Name | None = None
    group: Name | None = None
    assigned_to: Name | None = None
    root_cause: Text | None = None
    workaround: Annotated[Text | None, Field(description="Kept as a draft")] = None
    resolution: Text | None = None
    lessons_learned: Text | None = None


class SourceStep(StepBody):
    """One change of the source's record."""

    set: Changes = Changes()

    def as_step(self) -> Step:
        """The same for the domain: only what was stated."""
        said = self.set
        return self.step({name: getattr(said, name) for name in said.model_fields_set})


class SourceProblem(Body):
    """A problem of the source with its whole history, oldest step first."""

    external_ref: Annotated[Name, Field(examples=["1-109135791"])]
    title: Line
    description: Text | None = None
    started_at: Moment | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    steps: Annotated[list[SourceStep], Field(min_length=1, max_length=MOST_STEPS)]

    def as_history(self) -> History:
        """The same for the domain."""
        details = {
            "title": self.title,
            "description": self.description,
            "started_at": self.started_at,
            "tags": tuple(self.tags),
        }
        steps = [step.as_step() for step in self.steps]
        return History(external_ref=self.external_ref, details=details, steps=steps)


class Backfill(Body):
    """History of one system; `live` makes timers and followers react to it as to ours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "system": "vinst",
                    "problems": [
                        {
                            "external_ref": "1-109135791",
                            "title": "Pools run dry",
                            "steps": [
                                {
                                    "at": "2012-03-15T12:53:52Z",
                                    "by": "minnie",
                                    "set": {"status": "root_cause_analysis", "group": "line-a2"},
                                },
                                {
                                    "at": "2012-03-15T13:11:33Z",
                                    "by": "minnie",
                                    "set": {"status": "closed"},
                                },
                            ],
                        }
                    ],
                }
            ]
        }
    )

    system: Annotated[Name, Field(description="Its references are unique within it")]
    live: bool = False
    problems: Annotated[list[SourceProblem], Field(min_length=1, max_length=MOST_RECORDS)]

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        bounded(self.problems, "problems")
        return self
