"""A major incident as its events tell it: a part of the incident's state. Texts are sealed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.incident.major.events import Inputs, MajorRole, PlannedUpdate, Target
from services.incident.rules import MajorState
from shared.domain import Personal, State


class Turn(State, frozen=True):
    """When it came to its state, and why: by a person's reason or by a rule."""

    at: datetime
    reason: Personal | None = None
    rule: str | None = None
    policy_version: int | None = None


class Holder(State, frozen=True):
    """Who has a role since when, and whether they have accepted it."""

    person: str
    since: datetime
    accepted: bool = False


class Request(State, frozen=True):
    """Who is asked to come, one after the other; `step` is who was asked at `since`."""

    asked: tuple[Target, ...]
    within_minutes: int
    at: datetime
    since: datetime
    message: Personal
    by: str | None = None
    step: int = 0
    declined: tuple[str, ...] = ()
    answered_by: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None  # nobody need come any more
    accepted: bool | None = None  # None: nobody has answered, or somebody is asked after a no


class Late(State, frozen=True):
    """An update that was overdue until it was sent, put off, or owed no longer."""

    due_at: datetime
    until: datetime


class Task(State, frozen=True):
    """What an audience is owed: told next by `due_at`, until the final update has closed it."""

    planned: PlannedUpdate
    due_at: datetime
    sent: int = 0
    met: int = 0  # how many of those that were due were sent in time
    missed: int = 0
    late: tuple[Late, ...] = ()  # the newest of those missed: the clock may still have to say so
    last_sent_at: datetime | None = None
    snoozed: bool = False  # since it was last told
    final_sent: bool = False
    closed_at: datetime | None = None


class Update(State, frozen=True):
    """The last one."""

    update: UUID
    at: datetime
    audiences: tuple[str, ...]
    status: Personal
    impact: Personal | None = None
    action: Personal | None = None
    workaround: Personal | None = None
    next_update_at: datetime | None = None
    final: bool = False


class Major(State, frozen=True):
    """Its sub-state beside its status, and all that belongs to it."""

    state: MajorState = MajorState.NONE
    turn: Turn | None = None
    turned_down: Inputs | None = None
    roles: dict[MajorRole, Holder] = {}
    requests: dict[UUID, Request] = {}
    plan_version: int | None = None
    tasks: dict[str, Task] = {}
    update: Update | None = None
    update_count: int = 0
    decision_count: int = 0
    problem_waived: Personal | None = None
    review_revision: int | None = None  # of the review that was completed
    review_completed: bool = False  # since it was last reopened

    @property
    def waiting(self) -> dict[UUID, Request]:
        """The requests that nobody has answered, while somebody must come."""
        requests = self.requests.items()
        return {id: r for id, r in requests if r.accepted is None and r.ended_at is None}

    @property
    def is_accepted(self) -> bool:
        """Whether it is a major incident now."""
        return self.state is MajorState.ACCEPTED


NOT_MAJOR = Major()
MOST_LATE = 50
"""So many of an audience's updates may come late before the clock has said so of the first."""


def interval(task: Task) -> timedelta:
    """How long its audience waits for the next update from now on."""
    planned = task.planned
    return timedelta(minutes=planned.then_minutes if task.sent else planned.first_minutes)


def punctuality(major: Major) -> dict[str, Any] | None:
    """How many updates were due and sent in time so far, and when those that are owed are due."""
    if not major.tasks:
        return None
    tasks = major.tasks.values()
    met = sum(task.met for task in tasks)
    owed = sorted(task.due_at for task in open_tasks(major))
    return {"met": met, "due": met + sum(task.missed for task in tasks), "owed": owed}


def open_tasks(major: Major) -> Iterable[Task]:
    """Whom an update is owed."""
    return (task for task in major.tasks.values() if task.closed_at is None)
