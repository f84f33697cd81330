"""What a backfill takes: incidents of another system, each as the steps of its record."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, model_validator

from services.incident.backfill.history import History, Step
from services.incident.bodies import Labels, Level, Reporter, Tag
from services.incident.events import HoldReason, ResolutionCode
from shared.http.body import Body, Line, Moment, Name, Text

MOST_INCIDENTS = 100
MOST_STEPS = 5_000

_WHOLE = 2**53  # further from zero not every whole number is one in everybody's JSON
_Number = Annotated[StrictInt, Field(ge=-_WHOLE, le=_WHOLE)]
_Decimal = Annotated[StrictFloat, Field(ge=-_WHOLE, le=_WHOLE)]
_Words = Annotated[str, Field(max_length=1_000)]
_Stated = dict[Name, StrictBool | _Number | _Decimal | _Words | None]


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


class SourceStep(Body):
    """One change of the source's record."""

    at: Moment
    by: Annotated[Name, Field(description="Who did it there: a key, never a name or an address")]
    set: Changes = Changes()
    note: Text | None = None
    source: Annotated[
        _Stated,
        Field(
            max_length=60,
            description="The source's own counters, verdicts and references, kept as they are",
        ),
    ] = {}

    def as_step(self) -> Step:
        """The same for the domain: only what was stated."""
        said = self.set
        stated = {name: getattr(said, name) for name in said.model_fields_set}
        if said.hold_reason is None:
            stated.pop("hold_reason", None)
        return Step(at=self.at, by=self.by, set=stated, note=self.note, source=self.source)

    @model_validator(mode="after")
    def _leaves_our_word(self) -> Self:
        if "system" in self.source:
            raise ValueError("`system` is what `source` names its system by; use another name")
        return self


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
    incidents: Annotated[list[SourceIncident], Field(min_length=1, max_length=MOST_INCIDENTS)]

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if sum(len(each.steps) for each in self.incidents) > MOST_STEPS:
            raise ValueError(f"at most {MOST_STEPS} steps in one request")
        if len({each.external_ref for each in self.incidents}) < len(self.incidents):
            raise ValueError("two incidents have the same external_ref")
        return self
