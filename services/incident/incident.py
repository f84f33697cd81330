"""The incident: its state, its rules, and how each event changes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from services.incident import events as e
from services.incident.events import HoldReason, IncidentEvent, ResolutionCode
from services.incident.matrix import Matrix
from services.incident.rules import RULES, WHY_NOT, Status
from shared.auth.roles import Role
from shared.domain import Personal, State, changed
from shared.errors import Forbidden, Refused


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


def refusal(incident: Incident, command: str) -> str | None:
    """Why this command is not possible in this state; None where it is."""
    if incident.status is None:
        return "the incident does not exist"
    return None if RULES[command].leads[incident.status] else WHY_NOT[incident.status]


def _require(incident: Incident, command: str) -> None:
    if (reason := refusal(incident, command)) is not None:
        raise Refused(reason)


# Commands: each answers with the events that follow, or refuses.


def declare(
    incident: Incident,
    /,
    *,
    number: int,
    title: str,
    reporter: str,
    matrix: Matrix,
    impact: int | None = None,
    urgency: int | None = None,
    **details: Any,
) -> Sequence[IncidentEvent]:
    if incident.status is not None:
        raise Refused("the incident exists already")
    priority = None
    if impact is not None and urgency is not None:
        priority = matrix.priority(impact, urgency)
    elif impact is not None or urgency is not None:
        raise Refused("give both impact and urgency, or neither: triage can follow")
    return [
        e.Declared(
            number=number,
            title=title,
            reporter=reporter,
            impact=impact,
            urgency=urgency,
            priority=priority,
            matrix_version=None if priority is None else matrix.version,
            **details,
        )
    ]


def categorise(incident: Incident, /, **named: str | None) -> Sequence[IncidentEvent]:
    _require(incident, "categorise")
    known = {
        name: getattr(incident, name) for name in ("category", "subcategory", "service", "item")
    }
    wanted = known | {name: value for name, value in named.items() if value is not None}
    return [] if wanted == known else [e.Categorised(**wanted)]


def prioritise(
    incident: Incident,
    *,
    impact: int,
    urgency: int,
    matrix: Matrix,
    override: int | None = None,
    reason: str | None = None,
) -> Sequence[IncidentEvent]:
    _require(incident, "prioritise")
    if override is not None and reason is None:
        raise Refused("overriding the matrix needs a reason")
    looked_up = matrix.priority(impact, urgency)
    if override is not None and override not in matrix.priorities:
        known = ", ".join(map(str, sorted(matrix.priorities)))
        raise Refused(f"the matrix knows the priorities {known}")
    decided = (impact, urgency, override or looked_up, matrix.version)
    held = (incident.impact, incident.urgency, incident.priority, incident.matrix_version)
    if decided == held and reason is None:
        return []
    return [
        e.Prioritised(
            impact=impact,
            urgency=urgency,
            priority=override or looked_up,
            matrix_version=matrix.version,
            overridden=override is not None,
            reason=reason,
        )
    ]


def assign(incident: Incident, /, **named: str | None) -> Sequence[IncidentEvent]:
    """To the group, the person or both that are named; None clears, what is not named stays."""
    _require(incident, "assign")
    held = {"group": incident.group, "person": incident.assigned_to}
    return [] if held | named == held else [e.Assigned(**(held | named))]


def acknowledge(incident: Incident, *, at: datetime) -> Sequence[IncidentEvent]:
    _require(incident, "acknowledge")
    return [] if incident.acknowledged_at is not None else [e.Acknowledged(at=at)]


def start(incident: Incident) -> Sequence[IncidentEvent]:
    _require(incident, "start")
    return [e.WorkStarted()]


def hold(
    incident: Incident, *, reason: HoldReason, note: str | None = None, problem: UUID | None = None
) -> Sequence[IncidentEvent]:
    _require(incident, "hold")
    if reason is HoldReason.AWAITING_CALLER and note is None:
        raise Refused("awaiting the caller needs a note that says what is asked of them")
    if reason is HoldReason.AWAITING_PROBLEM and problem is None:
        raise Refused("awaiting a problem needs the problem it waits for")
    return [e.Held(reason=reason, note=note, problem=problem)]


def resume(incident: Incident) -> Sequence[IncidentEvent]:
    _require(incident, "resume")
    return [e.Resumed()]


def note(incident: Incident, *, text: str) -> Sequence[IncidentEvent]:
    _require(incident, "note")
    return [e.Noted(text=text)]


def diagnose(
    incident: Incident, *, cause: str, evidence: Sequence[str] = ()
) -> Sequence[IncidentEvent]:
    _require(incident, "diagnose")
    return [e.Diagnosed(cause=cause, evidence=tuple(evidence))]


def mitigate(incident: Incident, *, action: str, at: datetime) -> Sequence[IncidentEvent]:
    _require(incident, "mitigate")
    return [e.Mitigated(action=action, at=at)]


def resolve(
    incident: Incident,
    *,
    code: ResolutionCode,
    summary: str,
    at: datetime,
    known_error: str | None = None,
    close_after_days: int | None = None,
) -> Sequence[IncidentEvent]:
    _require(incident, "resolve")
    if code is ResolutionCode.KNOWN_ERROR and known_error is None:
        raise Refused("resolving as a known error names the known error")
    days = close_after_days
    return [
        e.Resolved(
            code=code, summary=summary, known_error=known_error, at=at, close_after_days=days
        )
    ]


def reopen(
    incident: Incident,
    *,
    reason: str,
    at: datetime,
    window: timedelta,
    roles: frozenset[Role],
    by_reporter: bool = False,
) -> Sequence[IncidentEvent]:
    """From closed: a person needs the manager's role, a machine to be within the window."""
    _require(incident, "reopen")
    by_manager = not roles.isdisjoint({Role.INCIDENT_MANAGER, Role.ADMIN})
    if incident.status is Status.CLOSED and not by_manager and Role.SERVICE not in roles:
        raise Forbidden("reopening a closed incident needs the role incident_manager")
    if incident.status is Status.CLOSED and not by_manager and _is_too_late(incident, at, window):
        raise Refused(
            f"it was closed more than {window.days} days ago: an incident manager may reopen it, "
            "or declare a new one"
        )
    return [e.Reopened(reason=reason, by_reporter=by_reporter)]


def _is_too_late(incident: Incident, at: datetime, window: timedelta) -> bool:
    return incident.closed_at is not None and at - incident.closed_at > window


def close(incident: Incident, *, at: datetime) -> Sequence[IncidentEvent]:
    _require(incident, "close")
    return [e.Closed(at=at)]


def cancel(incident: Incident, *, reason: str) -> Sequence[IncidentEvent]:
    _require(incident, "cancel")
    return [e.Cancelled(reason=reason)]


_UNRESOLVED = dict.fromkeys(
    ("resolved_at", "closed_at", "mitigated_at", "resolution_code", "resolution", "known_error")
)


def evolve(incident: Incident, event: IncidentEvent) -> Incident:
    """Never refuses: this has already happened, whatever today's rules say."""
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
        case _:
            assert_never(event)
