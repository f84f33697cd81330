"""What regulators' clocks rest on: recorded by people, with the time it happened in the world."""

from datetime import datetime
from enum import StrEnum

from shared.domain import FREE_TEXT, Event, Personal, State, event


class RegulatoryFact(StrEnum):
    """An origin of a regulator's clock."""

    AWARE = "aware"
    CLASSIFIED = "classified"
    MATERIALITY_DETERMINED = "materiality_determined"
    PERSONAL_DATA_AFFECTED = "personal_data_affected"
    REPORT_SUBMITTED = "report_submitted"


@event("incident.regulatory_recorded", personal={"note": FREE_TEXT})
class RegulatoryRecorded(Event, frozen=True):
    """From `at` on it was so; `retracted`: it was so no longer. `record` counts them.

    `fact` is the request's `origin`: that name is the envelope's in an event.
    """

    record: int
    fact: RegulatoryFact
    at: datetime
    regime: str | None = None  # of this regime alone
    report: str | None = None  # which one was submitted
    retracted: bool = False
    replaces: int | None = None  # the record that was wrong
    reference: str | None = None  # the regulator's own, of a submission
    note: Personal | None = None


class RegulatoryRecord(State, frozen=True):
    """One of them, as far as clocks go by it."""

    record: int
    fact: RegulatoryFact
    at: datetime
    regime: str | None = None
    report: str | None = None
    retracted: bool = False
    replaces: int | None = None


def record_of(event: RegulatoryRecorded) -> RegulatoryRecord:
    """An event's record."""
    return RegulatoryRecord(**event.fields(*RegulatoryRecord.__struct_fields__))
