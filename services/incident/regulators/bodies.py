"""What recording for regulators takes."""

from typing import Annotated

from pydantic import Field, StrictBool

from services.incident.regulators.events import RegulatoryFact
from shared.http.body import Body, Line, Moment, Name, Text, Whole


class RegulatoryRecording(Body):
    """Since when it is so; with `retracted`, since when no longer.

    `regime` where it is so for that one alone; a submission names its regime and its report.
    `replaces` names the record that was wrong, by its number.
    """

    origin: Annotated[RegulatoryFact, Field(examples=["classified"])]
    at: Moment | None = None
    regime: Annotated[Name, Field(examples=["dora"])] | None = None
    report: Annotated[Name, Field(examples=["initial"])] | None = None
    retracted: StrictBool = False
    replaces: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    reference: Line | None = None
    note: Text | None = None
