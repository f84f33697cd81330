"""The problem: its state, and how each event changes it."""

from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.problem.events import (
    AnalysisBegun,
    Assessed,
    Assigned,
    Cancelled,
    ChangeRecorded,
    ChangeState,
    Closed,
    Confirmed,
    DuplicateTakenOver,
    FixPlanned,
    FixRejected,
    IncidentLinked,
    IncidentUnlinked,
    Logged,
    MarkedDuplicate,
    Noted,
    Prioritised,
    ProblemEvent,
    ReanalysisBegun,
    Resolved,
    RiskAccepted,
    RootCauseRecorded,
    TaskAdded,
    TaskCompleted,
    WhyAnswered,
    WorkaroundDrafted,
    WorkaroundPublished,
    WorkaroundWithdrawn,
)
from services.problem.rules import Status
from shared.domain import Personal, State, changed


class Workaround(State, frozen=True):
    """What helps meanwhile: a draft, and what of it is published (revision 1, 2, …)."""

    draft: Personal | None = None
    published: Personal | None = None
    revision: int = 0

    @property
    def status(self) -> str | None:
        """published, drafted, withdrawn, or None where there never was one."""
        if self.published is not None:
            return "published"
        if self.draft is not None:
            return "drafted"
        return "withdrawn" if self.revision else None


class Risk(State, frozen=True):
    """The decision to live with it."""

    reason: Personal
    approver: str
    review_date: date


class Task(State, frozen=True):
    """Something to be done before the problem can be closed."""

    id: UUID
    title: str
    assigned_to: str | None = None
    due: date | None = None
    done_at: datetime | None = None


class Problem(State, frozen=True):
    """A problem as its events tell it. Times are effective; texts are sealed."""

    status: Status | None = None
    number: int = 0
    title: str = ""
    description: Personal | None = None
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    matrix_version: int | None = None
    major: bool = False
    group: str | None = None
    assigned_to: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    incidents: tuple[UUID, ...] = ()
    candidate: UUID | None = None
    analyses: dict[UUID, int] = {}  # how many answers each has
    root_cause: Personal | None = None
    evidence: tuple[str, ...] = ()
    workaround: Workaround = Workaround()
    fix: Personal | None = None
    target_date: date | None = None
    changes: dict[str, ChangeState] = {}
    tasks: dict[UUID, Task] = {}
    resolution: Personal | None = None
    risk: Risk | None = None
    lessons_learned: Personal | None = None
    review_outcome: Personal | None = None
    duplicate_of: UUID | None = None
    reanalysis_count: int = 0
    started_at: datetime | None = None
    root_cause_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """What is still to be done."""
        return tuple(task for task in self.tasks.values() if task.done_at is None)

    @property
    def planned_changes(self) -> tuple[str, ...]:
        """The references of linked changes that are still planned."""
        return tuple(r for r, state in self.changes.items() if state is ChangeState.PLANNED)


def _logged(problem: Problem, event: Logged) -> Problem:
    """By effective time something may have happened before anybody logged it."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return changed(problem, status=problem.status or Status.NEW, **fields)


def _assessed(problem: Problem, event: Assessed) -> Problem:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return changed(problem, status=Status.ASSESSING, **fields)


def _prioritised(problem: Problem, event: Prioritised) -> Problem:
    return changed(
        problem,
        impact=event.impact,
        urgency=event.urgency,
        priority=event.priority,
        matrix_version=event.matrix_version,
    )


def _published(problem: Problem, event: WorkaroundPublished) -> Problem:
    text = problem.workaround.draft or problem.workaround.published
    return changed(problem, workaround=Workaround(published=text, revision=event.revision))


def _task_added(problem: Problem, event: TaskAdded) -> Problem:
    task = Task(id=event.task, title=event.title, assigned_to=event.assigned_to, due=event.due)
    return changed(problem, tasks=problem.tasks | {task.id: task})


def _task_completed(problem: Problem, event: TaskCompleted) -> Problem:
    task = problem.tasks.get(event.task)
    if task is None:
        return problem
    return changed(problem, tasks=problem.tasks | {event.task: changed(task, done_at=event.at)})


def _root_cause_recorded(problem: Problem, event: RootCauseRecorded) -> Problem:
    return changed(
        problem,
        root_cause=event.cause,
        evidence=event.evidence,
        root_cause_at=problem.root_cause_at or event.at,
    )


def _closed(problem: Problem, event: Closed) -> Problem:
    return changed(
        problem,
        status=Status.CLOSED,
        lessons_learned=event.lessons_learned,
        review_outcome=event.review_outcome,
        closed_at=event.at,
    )


def _reanalysed(problem: Problem) -> Problem:
    return changed(
        problem,
        status=Status.ROOT_CAUSE_ANALYSIS,
        resolution=None,
        risk=None,
        resolved_at=None,
        closed_at=None,
        reanalysis_count=problem.reanalysis_count + 1,
    )


def evolve(problem: Problem, event: ProblemEvent) -> Problem:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case Logged():
            return _logged(problem, event)
        case Assessed():
            return _assessed(problem, event)
        case Confirmed():
            return changed(problem, status=Status.ROOT_CAUSE_ANALYSIS)
        case AnalysisBegun():
            return changed(problem, analyses=problem.analyses | {event.analysis: 0})
        case WhyAnswered():
            return changed(problem, analyses=problem.analyses | {event.analysis: event.number})
        case Noted():
            return problem
        case IncidentLinked():
            return changed(problem, incidents=(*problem.incidents, event.incident))
        case IncidentUnlinked():
            kept = tuple(each for each in problem.incidents if each != event.incident)
            return changed(problem, incidents=kept)
        case Assigned():
            return changed(problem, group=event.group, assigned_to=event.person)
        case Prioritised():
            return _prioritised(problem, event)
        case RootCauseRecorded():
            return _root_cause_recorded(problem, event)
        case WorkaroundDrafted():
            return changed(problem, workaround=changed(problem.workaround, draft=event.text))
        case WorkaroundPublished():
            return _published(problem, event)
        case WorkaroundWithdrawn():
            return changed(problem, workaround=changed(problem.workaround, published=None))
        case FixPlanned():
            return changed(
                problem,
                status=Status.FIX_IN_PROGRESS,
                fix=event.fix,
                target_date=event.target_date,
            )
        case ChangeRecorded():
            return changed(problem, changes=problem.changes | {event.reference: event.state})
        case Resolved():
            return changed(
                problem,
                status=Status.RESOLVED,
                resolution=event.summary,
                resolved_at=event.at,
            )
        case FixRejected():
            return changed(
                problem, status=Status.FIX_IN_PROGRESS, resolution=None, resolved_at=None
            )
        case Closed():
            return _closed(problem, event)
        case RiskAccepted():
            risk = Risk(reason=event.reason, approver=event.approver, review_date=event.review_date)
            return changed(problem, status=Status.RISK_ACCEPTED, risk=risk)
        case MarkedDuplicate():
            return changed(problem, status=Status.DUPLICATE, duplicate_of=event.of)
        case DuplicateTakenOver():
            return changed(problem, incidents=problem.incidents + event.incidents)
        case Cancelled():
            return changed(problem, status=Status.CANCELLED)
        case ReanalysisBegun():
            return _reanalysed(problem)
        case TaskAdded():
            return _task_added(problem, event)
        case TaskCompleted():
            return _task_completed(problem, event)
        case _:
            assert_never(event)
