"""The way of an incident from status to status: each command answers with events, or refuses."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from services.incident import events as e
from services.incident.events import HoldReason, IncidentEvent, ResolutionCode
from services.incident.incident import Incident
from services.incident.major.closing import close_major
from services.incident.matrix import Matrix
from services.incident.parts import Link
from services.incident.relations.events import LinkKind
from services.incident.rules import (
    AGENTS,
    MAJOR_RULES,
    NO_LONGER_DEMOTED,
    RULES,
    SURVIVOR,
    WHY_NOT,
    WHY_NOT_MAJOR,
    MajorState,
    Status,
)
from shared.auth.roles import Role, needs
from shared.errors import Forbidden, Refused

T = TypeVar("T")


def refusal(incident: Incident, command: str) -> str | None:
    """Why this command is not possible in this state; None where it is."""
    return refusal_by_status(incident, command) or _refusal_by_major(incident, command)


def refusal_by_status(incident: Incident, command: str) -> str | None:
    """The same, whether or not it is a major incident."""
    if incident.status is None:
        return "the incident does not exist"
    return None if RULES[command].leads[incident.status] else why_not(incident)


def _refusal_by_major(incident: Incident, command: str) -> str | None:
    leads, state = MAJOR_RULES.get(command), incident.major.state
    if leads is None or leads[state] is not None:
        return None
    if state is MajorState.ACCEPTED and incident.status is Status.RESOLVED:
        return NO_LONGER_DEMOTED
    return WHY_NOT_MAJOR[state]


def why_not(incident: Incident, what: str = "the incident") -> str:
    """What stands in the way, where the status of `what` does."""
    reason = WHY_NOT[incident.status or Status.NEW].replace("the incident", what)
    number = incident.merged_number
    return reason if number is None else reason.replace(SURVIVOR, f"INC-{number}")


def require(incident: Incident, command: str) -> None:
    """Raises Refused where the table does not allow the command in this state."""
    if (reason := refusal(incident, command)) is not None:
        raise Refused(reason)


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


def acknowledge(incident: Incident, *, at: datetime) -> Sequence[IncidentEvent]:
    require(incident, "acknowledge")
    return [] if incident.acknowledged_at is not None else [e.Acknowledged(at=at)]


def start(incident: Incident, *, at: datetime | None = None) -> Sequence[IncidentEvent]:
    require(incident, "start")
    return [e.WorkStarted(at=at)]


def hold(
    incident: Incident,
    *,
    reason: HoldReason,
    note: str | None = None,
    problem: UUID | None = None,
    at: datetime | None = None,
) -> Sequence[IncidentEvent]:
    """Awaiting a problem, the one it is linked to need not be named again."""
    require(incident, "hold")
    if reason is HoldReason.AWAITING_CALLER and note is None:
        raise Refused("awaiting the caller needs a note that says what is asked of them")
    if reason is HoldReason.AWAITING_PROBLEM and problem is None:
        several = {link.id for link in linked(incident, LinkKind.PROBLEM)} | {incident.problem}
        problem = _only(several)
        if problem is None:
            raise Refused("awaiting a problem needs the problem it waits for")
    return [e.Held(reason=reason, note=note, problem=problem, at=at)]


def resume(incident: Incident, *, at: datetime | None = None) -> Sequence[IncidentEvent]:
    require(incident, "resume")
    return [e.Resumed(at=at)]


def reply(incident: Incident, *, text: str, at: datetime | None = None) -> Sequence[IncidentEvent]:
    """What the caller answers; it ends a hold that awaits them."""
    require(incident, "reply")
    awaited = incident.status is Status.ON_HOLD
    if awaited and incident.hold_reason is HoldReason.AWAITING_CALLER:
        return [e.Replied(text=text), e.Resumed(at=at)]
    return [e.Replied(text=text)]


def resolve(
    incident: Incident,
    *,
    code: ResolutionCode,
    summary: str,
    at: datetime,
    known_error: str | None = None,
    close_after_days: int | None = None,
) -> Sequence[IncidentEvent]:
    """As a known error, the one it is linked to need not be named again."""
    require(incident, "resolve")
    if code is ResolutionCode.KNOWN_ERROR and known_error is None:
        known_error = _only(link.reference for link in linked(incident, LinkKind.KNOWN_ERROR))
        if known_error is None:
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
    require(incident, "reopen")
    by_manager = not roles.isdisjoint({Role.INCIDENT_MANAGER, Role.ADMIN})
    if incident.status is Status.CLOSED and not by_manager and Role.SERVICE not in roles:
        raise Forbidden("reopening a closed incident needs the role incident_manager")
    if incident.status is Status.CLOSED and not by_manager and _is_too_late(incident, at, window):
        raise Refused(
            f"it was closed more than {window.days} days ago: an incident manager may reopen it, "
            "or declare a new one"
        )
    return [e.Reopened(reason=reason, by_reporter=by_reporter, at=at)]


def _is_too_late(incident: Incident, at: datetime, window: timedelta) -> bool:
    return incident.closed_at is not None and at - incident.closed_at > window


def close(
    incident: Incident,
    *,
    at: datetime,
    roles: frozenset[Role] = AGENTS,
    waive_problem: str | None = None,
) -> Sequence[IncidentEvent]:
    """A major incident by its manager alone, once nothing is left to do."""
    require(incident, "close")
    if incident.major.is_accepted:
        return close_major(incident, roles=roles, at=at, waive_problem=waive_problem)
    if roles.isdisjoint(AGENTS | {Role.ADMIN}):
        raise Forbidden(needs(AGENTS))
    if waive_problem is not None:
        raise Refused("only a major incident needs a problem, or that it is waived")
    return [e.Closed(at=at)]


def cancel(
    incident: Incident, *, reason: str, at: datetime | None = None
) -> Sequence[IncidentEvent]:
    require(incident, "cancel")
    return [e.Cancelled(reason=reason, at=at)]


def linked(incident: Incident, kind: LinkKind) -> Iterable[Link]:
    """Its links of this kind."""
    return (link for link in incident.links.values() if link.kind is kind)


def _only(found: Iterable[T | None]) -> T | None:
    """The one there is; None where there is none, or a choice to be made."""
    several = [each for each in found if each is not None]
    return several[0] if len(several) == 1 else None
