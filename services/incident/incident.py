"""The incident as its events tell it, and how each event changes it.

What may happen is decided in `lifecycle.py` and `triage.py`.
"""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.incident import events as e
from services.incident.events import HoldReason, IncidentEvent, ResolutionCode
from services.incident.rules import Status
from shared.domain import Origin, Personal, State, Stated, changed


class Incident(State, frozen=True):
    """An incident as its events tell it. Times are effective; texts are sealed."""

    status: Status | None = None
    number: int = 0
    title: str = ""
    description: Personal | None = None
    reporter: str = ""
    reporter_name: Personal | None = None
    reporter_email: Personal | None = None
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    matrix_version: int | None = None
    group: str | None = None
    assigned_to: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    external_ref: str | None = None
    started_at: datetime | None = None
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    hold_reason: HoldReason | None = None
    problem: UUID | None = None
    cause: Personal | None = None
    resolution_code: ResolutionCode | None = None
    resolution: Personal | None = None
    known_error: str | None = None
    reopen_count: int = 0
    reassignment_count: int = 0
    imported: bool = False
    stated: dict[str, Stated] = {}  # what the source's own record says beside
    imported_steps: int = 0
    imported_digest: str = ""


_UNRESOLVED = dict.fromkeys(
    ("resolved_at", "closed_at", "mitigated_at", "resolution_code", "resolution", "known_error")
)


def evolve(incident: Incident, event: IncidentEvent) -> Incident:
    """Never refuses: this has already happened, whatever today's rules say."""
    after = _after(incident, event)
    return after if event.origin is None else _imported(after, event.origin)


def _imported(incident: Incident, origin: Origin) -> Incident:
    return changed(incident, imported=True, stated=incident.stated | origin.stated)


def _after(incident: Incident, event: IncidentEvent) -> Incident:
    match event:
        case e.Declared():
            return changed(incident, status=incident.status or Status.NEW, **event.fields())
        case e.Categorised():
            return changed(incident, **event.fields())
        case e.Prioritised():
            told = event.fields("impact", "urgency", "priority", "matrix_version")
            return changed(incident, **told)
        case e.Assigned(group=group, person=person):
            moves = incident.reassignment_count + (group != incident.group)
            return changed(incident, group=group, assigned_to=person, reassignment_count=moves)
        case e.Acknowledged(at=at):
            first = incident.acknowledged_at or at
            return changed(incident, status=Status.IN_PROGRESS, acknowledged_at=first)
        case e.WorkStarted() | e.Resumed():
            return changed(incident, status=Status.IN_PROGRESS, hold_reason=None)
        case e.Held(reason=reason):
            problem = event.problem or incident.problem
            return changed(incident, status=Status.ON_HOLD, hold_reason=reason, problem=problem)
        case e.Noted():
            return incident
        case e.Diagnosed(cause=cause):
            return changed(incident, cause=cause)
        case e.Mitigated(at=at):
            return changed(incident, mitigated_at=at)
        case e.Resolved(at=at, code=code, summary=summary, known_error=error):
            how = {"resolution_code": code, "resolution": summary, "known_error": error}
            return changed(
                incident, status=Status.RESOLVED, hold_reason=None, resolved_at=at, **how
            )
        case e.Reopened():
            count = incident.reopen_count + 1
            return changed(incident, status=Status.IN_PROGRESS, reopen_count=count, **_UNRESOLVED)
        case e.Closed(at=at):
            return changed(incident, status=Status.CLOSED, closed_at=at)
        case e.Cancelled():
            return changed(incident, status=Status.CANCELLED, hold_reason=None)
        case e.SourceStated():
            return incident
        case e.StatusStated(status=status):
            return changed(incident, status=Status(status), hold_reason=None)
        case e.Backfilled(steps=steps, digest=digest):
            return changed(incident, imported_steps=steps, imported_digest=digest)
        case _:
            assert_never(event)
