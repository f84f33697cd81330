"""The review as a document: what it holds, whatever form it is read in.

Of a completed one nothing depends on when it is read, nor on what happened since.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from services.incident.regulators.view import RegulatoryDeadline
from services.incident.review.deliveries import Delivery
from shared.http.actions import Action
from shared.timeline import Entry


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A named moment, and the event that proves it."""

    name: str
    at: datetime
    event: UUID


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A named span of time, with the events at both ends."""

    name: str
    seconds: float
    begins: UUID
    ends: UUID


class StatusSpan(msgspec.Struct, frozen=True, kw_only=True):
    """It was in this status from one event to the other; the last one goes on."""

    status: str
    since: datetime
    until: datetime | None
    begins: UUID
    ends: UUID | None


class ImpactWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Since when and until when it was felt, and by which milestones; open where no end is."""

    since: datetime
    by: str
    begins: UUID
    until: datetime | None
    until_by: str | None
    ends: UUID | None
    seconds: float | None


class Participation(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody took part as, first shown by this event."""

    role: str
    since: datetime
    event: UUID


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    person: str
    took_part: list[Participation]


class SectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A section; without a text while it is empty."""

    name: str
    title: str
    required: bool
    text: str | None
    written_by: str | None
    written_at: datetime | None
    event: UUID | None


class ActionItemView(msgspec.Struct, frozen=True, kw_only=True):
    item: int
    title: str
    owner: str | None
    due: date | None
    state: str
    done_at: datetime | None
    dropped_because: str | None
    event: UUID


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """By whom and when; the facts are those the log held at `position`."""

    by: str
    at: datetime
    position: int
    event: UUID


class ReviewDocument(msgspec.Struct, kw_only=True):
    """A post-incident review. Each fact names the event that proves it.

    `position` is that of the log its facts are replayed up to. `actions` only while it is open:
    a completed one is read as it was completed, for ever, byte for byte. `timeline` holds at most
    2,000 entries, the earliest; `timeline_omitted` says how many more there are. Who was told of
    what stands in `told`, counted.
    """

    id: UUID
    incident: UUID
    number: str
    title: str
    service: str | None
    priority: int | None
    status: str
    revision: int
    version: int
    position: int
    created_at: datetime | None
    updated_at: datetime | None
    opened_at: datetime | None
    reopened_because: str | None
    completed: Completion | None
    severity: str
    impact_window: ImpactWindow | None
    milestones: list[Moment]
    durations: list[Span]
    statuses: list[StatusSpan]
    seconds_in_status: dict[str, float]
    participants: list[Participant]
    communications: list[Entry]
    told: list[Delivery]
    decisions: list[Entry]
    regulators: list[RegulatoryDeadline]
    sections: list[SectionView]
    action_items: list[ActionItemView]
    timeline: list[Entry]
    timeline_omitted: int
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


TITLES = {
    "what_happened": "What happened",
    "what_went_well": "What went well",
    "what_did_not": "What did not go well",
    "contributing_factors": "Contributing factors",
    "lessons": "Lessons",
}


def section_title(name: str) -> str:
    """What a section is called where people read it."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()
