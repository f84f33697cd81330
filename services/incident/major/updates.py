"""Telling the audiences of a major incident, and putting that off."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.major import events as m
from services.incident.major.rights import require_part
from services.incident.major.state import Task, interval, open_tasks
from services.incident.rules import Status
from shared.auth.roles import Role
from shared.envelope import rfc3339
from shared.errors import Refused


def post_update(
    incident: Incident,
    *,
    update: UUID,
    status: str,
    impact: str,
    action: str,
    by: str,
    roles: frozenset[Role],
    at: datetime,
    workaround: str | None = None,
    audiences: Sequence[str] | None = None,
    next_update_at: datetime | None = None,
    final: bool | None = None,
) -> Sequence[IncidentEvent]:
    """To these audiences, else to all who are owed one; the last one says that it is resolved."""
    require(incident, "post-update")
    require_part(incident, "post-update", by, roles)
    if final is None:
        final = next_update_at is None and _says_resolved(incident, status)
    if final and incident.status is not Status.RESOLVED:
        raise Refused("a final update says that it is resolved; resolve it first")
    told = _told(incident, audiences)
    tasks = [task for name, task in incident.major.tasks.items() if name in told]
    if next_update_at is not None:
        _require_promise(tasks, next_update_at, at, final=final)
    return [
        m.UpdatePosted(
            update=update,
            audiences=told,
            status=status,
            impact=impact,
            action=action,
            workaround=workaround,
            at=at,
            next_update_at=None if final else next_update_at or _next(tasks, at),
            final=final,
            ways=tuple(task.planned for task in tasks),
        )
    ]


def _says_resolved(incident: Incident, status: str) -> bool:
    """Whether this is what the last update says, and it is so."""
    said = status.strip().rstrip(".").casefold()
    return incident.status is Status.RESOLVED and said == "resolved"


def snooze_update(
    incident: Incident,
    *,
    audience: str,
    by: str,
    roles: frozenset[Role],
    at: datetime,
    reason: str | None = None,
) -> Sequence[IncidentEvent]:
    """Once between two updates: its time begins anew."""
    require(incident, "snooze-update")
    require_part(incident, "snooze-update", by, roles)
    task = incident.major.tasks.get(audience)
    if task is None:
        known = ", ".join(incident.major.tasks) or "nobody"
        raise Refused(f"no update is planned for {audience}; the plan tells {known}")
    if task.closed_at is not None:
        raise Refused(f"{audience} is owed no further update")
    if task.snoozed:
        raise Refused(f"the update to {audience} was put off once already; post it")
    due_at = at + interval(task)
    return [
        m.UpdateSnoozed(audience=audience, due_at=due_at, was=task.due_at, at=at, reason=reason)
    ]


def _told(incident: Incident, audiences: Sequence[str] | None) -> tuple[str, ...]:
    if audiences is not None:
        return tuple(dict.fromkeys(audiences))
    owed = [task.planned.audience for task in open_tasks(incident.major)]
    told = tuple(owed or incident.major.tasks)
    if not told:
        raise Refused("name the audiences: its communication plan has none")
    return told


def _require_promise(
    tasks: Sequence[Task], next_update_at: datetime, at: datetime, *, final: bool
) -> None:
    if final:
        raise Refused("after the final update there is no next one")
    if next_update_at <= at:
        raise Refused("the next update lies in the future")
    for task in tasks:
        latest = at + timedelta(minutes=task.planned.then_minutes)
        if next_update_at > latest and task.closed_at is None:
            raise Refused(
                f"{task.planned.audience} is told every {task.planned.then_minutes} minutes: "
                f"promise the next update by {rfc3339(latest)}, or leave it out"
            )


def _next(tasks: Sequence[Task], at: datetime) -> datetime | None:
    owed = (task.planned.then_minutes for task in tasks if task.closed_at is None)
    soonest = min(owed, default=None)
    return None if soonest is None else at + timedelta(minutes=soonest)
