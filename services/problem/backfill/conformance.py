"""Which steps of an imported history our own rules would have refused."""

from collections.abc import Iterator, Sequence

from services.problem import events as e
from services.problem.backfill.history import status_after
from services.problem.events import ProblemEvent
from services.problem.lifecycle import refusal
from services.problem.problem import Problem
from services.problem.rules import RULES, WHY_NOT, Status
from shared.backfill.history import Deviation, Step

_COMMANDS: dict[type[ProblemEvent], str] = {
    e.Prioritised: "prioritise",
    e.Assigned: "assign",
    e.RootCauseRecorded: "record-root-cause",
    e.WorkaroundDrafted: "draft-workaround",
    e.Noted: "note",
}
_BEGINNINGS = frozenset({e.Logged, e.ReanalysisBegun})


def deviations(
    problem: Problem, number: int, step: Step, events: Sequence[ProblemEvent]
) -> Iterator[Deviation]:
    """Of this step, taken on the problem before it."""
    here, there = problem.status or Status.NEW, status_after(problem, step)
    if (why := why_not(here, there)) is not None:
        yield Deviation(number, step.at, f"{here} → {there}", why)
    if type(events[0]) in _BEGINNINGS:
        return
    for event in events:
        command = _COMMANDS.get(type(event))
        if command is not None and (why := refusal(problem, command)) is not None:
            yield Deviation(number, step.at, command, why)


def why_not(here: Status, there: Status) -> str | None:
    """Why no command of ours leads from one status to another; None where one does."""
    if here is there or any(rule.leads[here] is there for rule in RULES.values()):
        return None
    return WHY_NOT[here]
