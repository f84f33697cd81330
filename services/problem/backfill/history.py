"""The events that follow from what another system has kept of a problem.

What our rules make of its steps stands in `conformance`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from services.problem import events as e
from services.problem.backfill.events import Categorised, SourceStated, StatusStated
from services.problem.events import ProblemEvent
from services.problem.problem import Problem
from services.problem.rules import Status
from shared.backfill.history import History, Step, differs, merged, originals

_ENDED = frozenset({Status.RESOLVED, Status.CLOSED, Status.RISK_ACCEPTED})
_UNDER_WAY = frozenset({Status.ROOT_CAUSE_ANALYSIS, Status.FIX_IN_PROGRESS})
_TRIAGE = ("category", "subcategory", "service", "item", "owner")
_LEVELS = ("impact", "urgency", "priority")


class Manner(NamedTuple):
    """How history is taken over: quietly, or as if it happened here (`live`)."""

    system: str
    live: bool = False


def logged(history: History, number: int, manner: Manner) -> Sequence[ProblemEvent]:
    """The events of a history's first step: it begins with whatever the record said then."""
    step = history.steps[0]
    told: dict[str, Any] = {
        name: step.set.get(name) for name in (*_TRIAGE, *_LEVELS, "group", "assigned_to")
    }
    first = e.Logged(
        number=number,
        source=manner.system,
        external_ref=history.external_ref,
        **history.details,
        **told,
    )
    later = [*_moves(Problem(status=Status.NEW), step), *_findings(step)]
    return originals([first, *later], step, live=manner.live)


def follows(problem: Problem, step: Step, manner: Manner) -> Sequence[ProblemEvent]:
    """The events of a later step; at least one, so that nothing the source said is lost."""
    moves = list(_moves(problem, step))
    again = 1 if moves and isinstance(moves[0], e.ReanalysisBegun) else 0
    events = [
        *moves[:again],
        *_changes(problem, step.set),
        *_findings(step),
        *moves[again:],
    ]
    return originals(events or [SourceStated()], step, live=manner.live)


def status_after(problem: Problem, step: Step) -> Status:
    """What the record says, where it says something."""
    return Status(step.set.get("status") or problem.status or Status.NEW)


def _changes(problem: Problem, said: dict[str, Any]) -> Iterator[ProblemEvent]:
    if differs(problem, said, _TRIAGE):
        yield Categorised(**merged(problem, said, _TRIAGE))
    if differs(problem, said, _LEVELS):
        yield e.Prioritised(**merged(problem, said, _LEVELS))
    if differs(problem, said, ("group", "assigned_to")):
        to = merged(problem, said, ("group", "assigned_to"))
        yield e.Assigned(group=to["group"], person=to["assigned_to"])


def _findings(step: Step) -> Iterator[ProblemEvent]:
    """What was found out, as far as the source says it in words."""
    if (cause := step.set.get("root_cause")) is not None:
        yield e.RootCauseRecorded(cause=cause, evidence=(), at=step.at)
    if (text := step.set.get("workaround")) is not None:
        yield e.WorkaroundDrafted(text=text)
    if step.note is not None:
        yield e.Noted(text=step.note)


def _moves(problem: Problem, step: Step) -> Iterator[ProblemEvent]:
    """From status to status, by whatever of our events tells it best."""
    here, there = problem.status, status_after(problem, step)
    if reanalyses(here, there):
        yield e.ReanalysisBegun()
        here = Status.ROOT_CAUSE_ANALYSIS
    if there is not here:
        yield _turned(here, there, step)


def _turned(here: Status | None, there: Status, step: Step) -> ProblemEvent:
    match there:
        case Status.RESOLVED:
            return e.Resolved(at=step.at, summary=step.set.get("resolution"))
        case Status.CLOSED:
            return e.Closed(at=step.at, lessons_learned=step.set.get("lessons_learned"))
        case Status.CANCELLED:
            return e.Cancelled()
        case Status.ROOT_CAUSE_ANALYSIS if here is Status.ASSESSING:
            return e.Confirmed()
        case Status.FIX_IN_PROGRESS if here is Status.RESOLVED:
            return e.FixRejected()
        case _:
            return StatusStated(status=there)


def reanalyses(here: Status | None, there: Status) -> bool:
    """Whether this way leads from an end back to the analysis; a rejected fix does not."""
    if here is Status.RESOLVED and there is Status.FIX_IN_PROGRESS:
        return False
    return here in _ENDED and there in _UNDER_WAY
