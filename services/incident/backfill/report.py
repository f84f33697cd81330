"""How a backfill fared: each incident of it, and what was added in all."""

from typing import Literal
from uuid import UUID

import msgspec

from shared.backfill.history import Deviation

Outcome = Literal["added", "continued", "known", "refused"]


class HistoryTaken(msgspec.Struct, kw_only=True):
    """One incident: the steps that were new here, and what they came to."""

    external_ref: str
    outcome: Outcome
    id: UUID
    number: str
    version: int
    steps: int = 0
    events: int = 0
    reopenings: int = 0
    group_changes: int = 0
    deviations: list[Deviation] = []
    reason: str | None = None


class BackfillReport(msgspec.Struct, kw_only=True):
    """What was added; `position` is that of the last event, known ones included."""

    incidents: int
    steps: int
    events: int
    position: int
    items: list[HistoryTaken]


def report_of(items: list[HistoryTaken], position: int = 0) -> BackfillReport:
    """The report of these incidents."""
    return BackfillReport(
        incidents=sum(item.outcome == "added" for item in items),
        steps=sum(item.steps for item in items),
        events=sum(item.events for item in items),
        position=position,
        items=items,
    )
