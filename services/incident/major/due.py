"""What is due in a major incident, when, and what the clock has to say of it: a pure function."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from services.incident.major.events import MajorRole
from services.incident.major.reminders import Reminder, RequestTimedOut, UpdateDue, UpdateOverdue
from services.incident.major.responders import asked_after, step_at, to_tell
from services.incident.major.state import Major, Request, Task, open_tasks

COMMUNICATIONS = "major-incident"
"""The timer of an incident that rings when something here is due."""

_MOMENT = timedelta(microseconds=1)  # overdue begins after its time, not with it


class TaskState(StrEnum):
    DUE = "due"
    SENT = "sent"
    SNOOZED = "snoozed"
    OVERDUE = "overdue"
    CLOSED = "closed"


class RequestState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    ENDED = "ended"


class _Ring(NamedTuple):
    """A moment, and what is said then."""

    at: datetime
    says: Callable[..., Reminder]


def task_state(task: Task, now: datetime) -> TaskState:
    """How an audience's update stands at a moment."""
    if task.closed_at is not None and task.closed_at <= now:
        return TaskState.CLOSED
    if now > task.due_at:
        return TaskState.OVERDUE
    if task.snoozed:
        return TaskState.SNOOZED
    return TaskState.DUE if task.sent == 0 or now >= _remind_at(task) else TaskState.SENT


def request_state(request: Request, now: datetime) -> RequestState:
    """How a request stands at a moment."""
    if request.accepted is not None:
        return RequestState.ACCEPTED if request.accepted else RequestState.DECLINED
    if request.ended_at is not None:
        return RequestState.ENDED
    is_over = step_at(request, now) == len(request.asked)
    return RequestState.TIMED_OUT if is_over else RequestState.ASKED


def passed(
    incident: UUID, major: Major, now: datetime, *, group: str | None = None
) -> list[Reminder]:
    """All that the clock has had to say by now about how things stand, oldest first.

    `group` is the one that has the incident: it hears where nobody else can.
    """
    rings = [ring for ring in _rings(major, group) if ring.at <= now]
    return [ring.says(incident=incident) for ring in sorted(rings, key=lambda ring: ring.at)]


def next_ring(major: Major, now: datetime) -> datetime | None:
    """When the clock has something to say next, as things stand."""
    return min((ring.at for ring in _rings(major) if ring.at > now), default=None)


def ring_after(major: Major, now: datetime) -> timedelta | None:
    """How long after an event the timer rings: at once where it may not have said all yet."""
    first = min((ring.at for ring in _rings(major)), default=None)
    return None if first is None else max(first - now, timedelta())


def _rings(major: Major, group: str | None = None) -> Iterator[_Ring]:
    for task in major.tasks.values():
        yield from _of_late(task)
    if not major.is_accepted:
        return
    for task in open_tasks(major):
        yield from _of_task(major, task)
    for id, request in major.waiting.items():
        yield from _of_request(major, id, request, group)


def _of_task(major: Major, task: Task) -> Iterable[_Ring]:
    commander = _holder(major, MajorRole.INCIDENT_COMMANDER)
    lead = _holder(major, MajorRole.COMMUNICATIONS_LEAD) or commander
    told: dict[str, Any] = {
        "audience": task.planned.audience,
        "due_at": task.due_at,
    }
    remind = _remind_at(task)
    if remind < task.due_at:
        yield _Ring(remind, partial(UpdateDue, **told, at=remind, person=lead))
    overdue = partial(UpdateOverdue, **told, at=task.due_at, person=commander)
    yield _Ring(task.due_at + _MOMENT, overdue)


def _of_late(task: Task) -> Iterable[_Ring]:
    """What was over before the timer could ring stays true, and is said once as well."""
    told = partial(UpdateOverdue, audience=task.planned.audience)
    for each in task.late:
        says = partial(told, due_at=each.due_at, at=each.due_at, until=each.until)
        yield _Ring(each.due_at, says)


def _of_request(major: Major, id: UUID, request: Request, group: str | None) -> Iterable[_Ring]:
    for step in range(request.step, len(request.asked)):
        windows = step - request.step + 1
        at = request.since + windows * timedelta(minutes=request.within_minutes)
        following = asked_after(major, request, step)
        told: dict[str, Any] = {"request": id, "step": step, "asked": request.asked[step]}
        tell = () if following is not None else to_tell(request, group)
        yield _Ring(at, partial(RequestTimedOut, **told, at=at, next=following, tell=tell))


def _remind_at(task: Task) -> datetime:
    """Never before half of its time has passed."""
    planned = task.planned
    minutes = planned.then_minutes if task.sent else planned.first_minutes
    return task.due_at - timedelta(minutes=min(planned.remind_minutes, minutes / 2))


def _holder(major: Major, role: MajorRole) -> str | None:
    held = major.roles.get(role)
    return None if held is None else held.person
