"""How a major incident looks at a moment: who leads it, who is asked, who is owed what."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.incident import Incident
from services.incident.major.closing import unmet_of
from services.incident.major.due import RequestState, TaskState, request_state, task_state
from services.incident.major.events import Target
from services.incident.major.paged import Seen
from services.incident.major.responders import answer_by, step_at
from services.incident.major.state import NOT_MAJOR, Major, Request, Task, Update
from shared.domain import Personal

Opened = Callable[[Personal | None], str | None]
"""Opens a text whose key has been loaded."""


class HolderView(msgspec.Struct, frozen=True):
    """Who has a role, since when, and whether they have accepted it."""

    role: str
    person: str
    accepted: bool
    since: datetime


class SeenView(msgspec.Struct, frozen=True):
    """Who has acknowledged a page, and when."""

    person: str
    at: datetime


class RequestView(msgspec.Struct, frozen=True):
    """Whom it asks, one after the other; `asking` is who is asked now, until `answer_by`.

    `by` is who made it, and is told where nobody comes. `acknowledged_by` have seen its pages,
    which is no answer yet; only where it was read, not after a command.
    """

    id: UUID
    state: RequestState
    message: str | None
    at: datetime
    by: str | None
    within_minutes: int
    asked: tuple[Target, ...]
    asking: Target | None
    answer_by: datetime | None
    declined: tuple[str, ...]
    answered_by: str | None
    answered_at: datetime | None
    acknowledged_by: list[SeenView] | msgspec.UnsetType = msgspec.UNSET


class TaskView(msgspec.Struct, frozen=True):
    """What an audience is owed: `due` is its first update or one that is near."""

    audience: str
    state: TaskState
    due_at: datetime | None
    sent: int
    last_sent_at: datetime | None
    snoozed: bool
    final_sent: bool
    first_minutes: int
    then_minutes: int
    channel: str | None
    template: str | None


class UpdateView(msgspec.Struct, frozen=True):
    """A status update."""

    id: UUID
    at: datetime
    audiences: tuple[str, ...]
    status: str | None
    impact: str | None
    action: str | None
    workaround: str | None
    next_update_at: datetime | None
    final: bool


class UnmetView(msgspec.Struct, frozen=True):
    """What is left to do before it may close."""

    condition: str
    detail: str


class MajorView(msgspec.Struct, frozen=True, kw_only=True):
    """The major state beside the status, since when and why: a reason, or a rule of a version."""

    state: str
    since: datetime | None
    reason: str | None
    rule: str | None
    policy_version: int | None
    roles: list[HolderView]
    requests: list[RequestView]
    plan_version: int | None
    communications: list[TaskView]
    last_update: UpdateView | None
    update_count: int
    decision_count: int
    problem_waived: str | None
    review_completed: bool
    review_revision: int | None
    unmet: list[UnmetView]


def texts_of(major: Major) -> Iterable[Personal | None]:
    """What must be opened to show it."""
    if major is NOT_MAJOR:
        return
    yield major.problem_waived
    if major.turn is not None:
        yield major.turn.reason
    yield from (request.message for request in major.requests.values())
    if (update := major.update) is not None:
        yield from (update.status, update.impact, update.action, update.workaround)


def major_view(
    incident: Incident, now: datetime, clear: Opened, pages: Seen | None = None
) -> MajorView | None:
    """At a moment; None where it was never proposed."""
    major, turn = incident.major, incident.major.turn
    if turn is None:
        return None
    left = unmet_of(incident) if major.is_accepted and incident.closed_at is None else ()
    return MajorView(
        state=major.state,
        since=turn.at,
        reason=clear(turn.reason),
        rule=turn.rule,
        policy_version=turn.policy_version,
        roles=[HolderView(r, h.person, h.accepted, h.since) for r, h in major.roles.items()],
        requests=[_request(id, each, now, clear, pages) for id, each in major.requests.items()],
        plan_version=major.plan_version,
        communications=tasks(major, now),
        last_update=None if major.update is None else _update(major.update, clear),
        update_count=major.update_count,
        decision_count=major.decision_count,
        problem_waived=clear(major.problem_waived),
        review_completed=major.review_completed,
        review_revision=major.review_revision,
        unmet=[UnmetView(condition, detail) for condition, detail in left],
    )


def tasks(major: Major, now: datetime) -> list[TaskView]:
    """What each audience is owed at a moment."""
    return [_task(task, now) for task in major.tasks.values()]


def _task(task: Task, now: datetime) -> TaskView:
    state, planned = task_state(task, now), task.planned
    return TaskView(
        audience=planned.audience,
        state=state,
        due_at=None if state is TaskState.CLOSED else task.due_at,
        sent=task.sent,
        last_sent_at=task.last_sent_at,
        snoozed=task.snoozed,
        final_sent=task.final_sent,
        first_minutes=planned.first_minutes,
        then_minutes=planned.then_minutes,
        channel=planned.channel,
        template=planned.template,
    )


def _request(
    id: UUID, request: Request, now: datetime, clear: Opened, pages: Seen | None
) -> RequestView:
    state, step = request_state(request, now), step_at(request, now)
    is_asked = state is RequestState.ASKED
    return RequestView(
        id=id,
        state=state,
        message=clear(request.message),
        at=request.at,
        by=request.by,
        within_minutes=request.within_minutes,
        asked=request.asked,
        asking=request.asked[step] if is_asked else None,
        answer_by=answer_by(request, now) if is_asked else None,
        declined=request.declined,
        answered_by=request.answered_by,
        answered_at=request.answered_at,
        acknowledged_by=msgspec.UNSET if pages is None else _seen(pages.get(id, {})),
    )


def _seen(by: Mapping[str, datetime]) -> list[SeenView]:
    return [SeenView(person, at) for person, at in by.items()]


def _update(update: Update, clear: Opened) -> UpdateView:
    return UpdateView(
        id=update.update,
        at=update.at,
        audiences=update.audiences,
        status=clear(update.status),
        impact=clear(update.impact),
        action=clear(update.action),
        workaround=clear(update.workaround),
        next_update_at=update.next_update_at,
        final=update.final,
    )
