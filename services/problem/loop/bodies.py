"""What is said of a workaround's use."""

from typing import Annotated

from pydantic import Field, StrictBool, field_validator

from services.problem.bodies import Reference
from services.problem.trends.sighting import Trait
from shared.http.body import Body, Whole


class WorkaroundUse(Body):
    """That it was used on an incident; said again, the last word counts."""

    incident: Reference
    helped: StrictBool | None = None


class RecurrenceDocument(Body):
    """How long a fix is watched after its problem's closure, and what makes incidents alike.

    An incident is of a problem's kind if it shares all traits of one of the sets with the problem,
    or with one of its incidents.
    """

    watch_days: Annotated[Whole, Field(ge=0, le=3650)] = 30
    same: Annotated[
        list[Annotated[list[Trait], Field(min_length=1, max_length=5)]], Field(max_length=10)
    ] = [["service", "category"], ["service", "symptom"]]

    @field_validator("same")
    @classmethod
    def _names_differ(cls, same: list[list[Trait]]) -> list[list[Trait]]:
        if any(len(set(names)) < len(names) for names in same):
            raise ValueError("a set names each trait once")
        return same
