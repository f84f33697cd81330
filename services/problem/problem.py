"""The problem: its state, and how each event changes it."""

from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.problem import events as e
from services.problem.analyses.analysis import Analysis
from services.problem.analyses.analysis import evolve as analysis_after
from services.problem.analyses.events import AnalysisEvent
from services.problem.backfill import events as b
from services.problem.events import (
    ChangeState,
    NodeReference,
    OwnEvent,
    ProblemEvent,
)
from services.problem.parts import Review, Risk, Task, Workaround
from services.problem.rules import Status
from shared.domain import Personal, State, Stated, changed


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
    raised_from: UUID | None = None
    candidate: UUID | None = None
    analyses: dict[UUID, Analysis] = {}
    root_cause: Personal | None = None
    evidence: tuple[str, ...] = ()
    proofs: tuple[NodeReference, ...] = ()  # nodes of analyses, as evidence
    workaround: Workaround = Workaround()
    fix: Personal | None = None
    target_date: date | None = None
    changes: dict[str, ChangeState] = {}
    tasks: dict[UUID, Task] = {}
    resolution: Personal | None = None
    risk: Risk | None = None
    lessons_learned: Personal | None = None
    review: Review | None = None
    review_outcome: Personal | None = None
    duplicate_of: UUID | None = None
    reanalysis_count: int = 0
    reassignment_count: int = 0
    fix_rejection_count: int = 0
    logged_at: datetime | None = None  # where another system knows; else the envelope does
    started_at: datetime | None = None
    root_cause_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    source: str | None = None
    external_ref: str | None = None
    imported: bool = False
    stated: dict[str, Stated] = {}  # what the source's own record says beside
    imported_steps: int = 0
    imported_digest: str = ""

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """What is still to be done."""
        return tuple(task for task in self.tasks.values() if task.done_at is None)

    @property
    def planned_changes(self) -> tuple[str, ...]:
        """The references of linked changes that are still planned."""
        return tuple(r for r, state in self.changes.items() if state is ChangeState.PLANNED)


def _task_completed(problem: Problem, event: e.TaskCompleted) -> Problem:
    task = problem.tasks.get(event.task)  # read by effective time, it may not have been added yet
    if task is None:
        return problem
    return changed(problem, tasks=problem.tasks | {task.id: changed(task, done_at=event.at)})


def _reanalysed(problem: Problem) -> Problem:
    return changed(
        problem,
        status=Status.ROOT_CAUSE_ANALYSIS,
        resolution=None,
        risk=None,
        resolved_at=None,
        closed_at=None,
        review=None,
        review_outcome=None,
        reanalysis_count=problem.reanalysis_count + 1,
    )


def _came_to(problem: Problem, status: Status) -> Problem:
    """In the source, by a step that is none of ours: what had ended goes on."""
    if status in (Status.RESOLVED, Status.CLOSED):
        return changed(problem, status=status)
    return changed(problem, status=status, resolution=None, resolved_at=None, closed_at=None)


def _fixing_again(problem: Problem) -> Problem:
    return changed(
        problem,
        status=Status.FIX_IN_PROGRESS,
        resolution=None,
        resolved_at=None,
        fix_rejection_count=problem.fix_rejection_count + 1,
    )


def _moved_to(problem: Problem, of: UUID) -> Problem:
    """Its links, open tasks and workaround are the other's from now on."""
    return changed(
        problem,
        status=Status.DUPLICATE,
        duplicate_of=of,
        incidents=(),
        tasks={id: task for id, task in problem.tasks.items() if task.done_at is not None},
        workaround=Workaround(revision=problem.workaround.revision),
    )


def evolve(problem: Problem, event: ProblemEvent) -> Problem:
    """Never refuses: this has already happened, whatever today's rules say."""
    if isinstance(event, AnalysisEvent):
        held = problem.analyses.get(event.analysis, Analysis())
        told = {event.analysis: analysis_after(held, event)}
        after = changed(problem, analyses=problem.analyses | told)
    else:
        after = _after(problem, event)
    if event.origin is None:
        return after
    return changed(after, imported=True, stated=after.stated | event.origin.stated)


def _after(problem: Problem, event: OwnEvent) -> Problem:
    match event:
        case e.Logged():  # by effective time, something may have happened before
            logged_at = event.origin.at if event.origin else None
            told = event.fields() | {"logged_at": logged_at}
            del told["hold"]  # said to its incidents, not of the problem
            return changed(problem, status=problem.status or Status.NEW, **told)
        case e.Assessed():
            return changed(problem, status=Status.ASSESSING, **event.fields())
        case e.Confirmed():
            return changed(problem, status=Status.ROOT_CAUSE_ANALYSIS)
        case e.Noted():
            return problem
        case e.IncidentLinked():
            return changed(problem, incidents=(*problem.incidents, event.incident))
        case e.IncidentUnlinked(incident=incident):
            kept = tuple(each for each in problem.incidents if each != incident)
            return changed(problem, incidents=kept)
        case e.Assigned(group=group, person=person):
            moves = problem.reassignment_count + (group != problem.group)
            return changed(problem, group=group, assigned_to=person, reassignment_count=moves)
        case e.OwnerNamed(owner=owner):
            return changed(problem, owner=owner)
        case e.Prioritised():
            told = event.fields("impact", "urgency", "priority", "matrix_version")
            major = problem.major if event.major is None else event.major
            return changed(problem, major=major, **told)
        case e.RootCauseRecorded(cause=cause, evidence=evidence, nodes=nodes):
            at = problem.root_cause_at or event.at
            found = changed(problem, root_cause=cause, evidence=evidence, proofs=nodes)
            return changed(found, root_cause_at=at)
        case e.WorkaroundDrafted(text=text):
            return changed(problem, workaround=changed(problem.workaround, draft=text))
        case e.WorkaroundPublished(revision=revision):
            published = Workaround(published=problem.workaround.draft, revision=revision)
            return changed(problem, workaround=published)
        case e.WorkaroundWithdrawn():
            return changed(problem, workaround=changed(problem.workaround, published=None))
        case e.FixPlanned():
            return changed(problem, status=Status.FIX_IN_PROGRESS, **event.fields())
        case e.ChangeRecorded(reference=reference, state=state):
            return changed(problem, changes=problem.changes | {reference: state})
        case e.Resolved(summary=summary, at=at):
            return changed(problem, status=Status.RESOLVED, resolution=summary, resolved_at=at)
        case e.FixRejected():
            return _fixing_again(problem)
        case e.Closed(at=at):
            lessons, outcome = event.lessons_learned, event.review_outcome or problem.review_outcome
            closed = changed(problem, status=Status.CLOSED, closed_at=at, lessons_learned=lessons)
            return changed(closed, review_outcome=outcome)
        case e.RiskAccepted():
            risk = Risk(**event.fields("reason", "approver", "review_date"))
            return changed(problem, status=Status.RISK_ACCEPTED, risk=risk)
        case e.MarkedDuplicate(of=of):
            return _moved_to(problem, of)
        case e.DuplicateTakenOver(incidents=incidents):
            return changed(problem, incidents=problem.incidents + incidents)
        case e.Cancelled():
            return changed(problem, status=Status.CANCELLED)
        case e.ReanalysisBegun():
            return _reanalysed(problem)
        case e.TaskAdded(task=task):
            added = Task(id=task, **event.fields("title", "assigned_to", "due"))
            return changed(problem, tasks=problem.tasks | {task: added})
        case e.TaskCompleted():
            return _task_completed(problem, event)
        case b.SourceStated():
            return problem
        case b.StatusStated(status=status):
            return _came_to(problem, Status(status))
        case b.Categorised():
            return changed(problem, **event.fields())
        case b.Backfilled(steps=steps, digest=digest):
            return changed(problem, imported_steps=steps, imported_digest=digest)
        case e.Reviewed(outcome=outcome):
            told = event.fields(*Review.__struct_fields__)
            return changed(problem, review=Review(**told), review_outcome=outcome)
        case _:
            assert_never(event)
