"""What a backfill takes: incidents of another system, each as the steps of its record."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from services.incident.bodies import Labels, Level, Reporter, Tag
from services.incident.events import HoldReason, ResolutionCode
from shared.backfill.bodies import MOST_RECORDS, MOST_STEPS, StepBody, bounded
from shared.backfill.history import History, Step
from shared.http.body import Body, Line, Moment, Name, Text


class Changes(Body):
    """What the record says from then on; what is left out stays as it was, null clears."""

    status: Annotated[
        Literal["new", "in_progress", "on_hold", "resolved", "closed", "cancelled"],
        Field(description="The first step's is new where it is left out"),
    ] = "new"
    hold_reason: HoldReason | None = None
    service: Name | None = None
    item: Name | None = None
    category: Name | None = None
    subcategory: Name | None = None
    impact: Level | None = None
    urgency: Level | None = None
    priority: Annotated[Level | None, Field(description="The source's own; no matrix")] = None
    group: Name | None = None
    assigned_to: Name | None = None
    resolution_code: ResolutionCode | None = None
    resolution: Text | None = None

    @model_validator(mode="after")
    def _holds_for_a_reason(self) -> Self:
        if self.status == "on_hold" and self.hold_reason is None:
            raise ValueError("on_hold needs its hold_reason")
        return self


class SourceStep(StepBody):
    """One change of the source's record."""

    set: Changes = Changes()

    def as_step(self) -> Step:
        """The same for the domain: only what was stated."""
        said = self.set
        stated = {name: getattr(said, name) for name in said.model_fields_set}
        if said.hold_reason is None:
            stated.pop("hold_reason", None)
        return self.step(stated)


class SourceIncident(Body):
    """An incident of the source with its whole history, oldest step first."""

    external_ref: Annotated[Name, Field(examples=["INC0000045"])]
    title: Line
    description: Text | None = None
    reporter: Reporter | None = None
    started_at: Moment | None = None
    detected_at: Moment | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    labels: Labels = {}
    steps: Annotated[list[SourceStep], Field(min_length=1, max_length=MOST_STEPS)]

    def as_history(self) -> History:
        """The same for the domain."""
        reporter = self.reporter or Reporter(id="unknown")
        details = {
            "title": self.title,
            "description": self.description,
            "reporter": reporter.id,
            "reporter_name": reporter.name,
            "reporter_email": reporter.email,
            "started_at": self.started_at,
            "detected_at": self.detected_at,
            "tags": tuple(self.tags),
            "labels": self.labels,
        }
        steps = [step.as_step() for step in self.steps]
        return History(external_ref=self.external_ref, details=details, steps=steps)


class Backfill(Body):
    """History of one system; `live` makes timers, triggers and followers react to it as to ours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "system": "servicenow",
                    "incidents": [
                        {
                            "external_ref": "INC0000045",
                            "title": "Mail is slow",
                            "reporter": {"id": "2403"},
                            "steps": [
                                {
                                    "at": "2016-02-29T01:23:00Z",
                                    "by": "21",
                                    "set": {
                                        "group": "56",
                                        "impact": 2,
                                        "urgency": 2,
                                        "priority": 3,
                                    },
                                    "source": {"made_sla": True},
                                },
                                {
                                    "at": "2016-02-29T11:29:00Z",
                                    "by": "804",
                                    "set": {"status": "resolved"},
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
    incidents: Annotated[list[SourceIncident], Field(min_length=1, max_length=MOST_RECORDS)]

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        bounded(self.incidents, "incidents")
        return self
