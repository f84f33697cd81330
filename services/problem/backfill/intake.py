"""Takes histories of problems into the log."""

from functools import partial

from services.problem.backfill import conformance, history
from services.problem.backfill.events import Backfilled
from services.problem.backfill.history import Manner
from services.problem.backfill.report import BackfillReport, HistoryTaken, report_of
from services.problem.problem import Problem
from services.problem.problems import PROBLEM, Problems
from shared.aggregate import Folded
from shared.backfill.history import History, begins_otherwise, digests
from shared.backfill.intake import Intake
from shared.draft import Draft


def intake(problems: Problems, manner: Manner) -> Intake[Problem, HistoryTaken, BackfillReport]:
    """What takes histories of this system in this manner."""
    take = partial(_taken, manner)
    return Intake(problems, manner.system, problems.numbers, take, report_of, BackfillReport)


def _taken(
    manner: Manner, draft: Draft, held: Folded[Problem], told: History, new: int | None
) -> HistoryTaken:
    told_by, known = digests(told.steps), held.state.imported_steps
    item = HistoryTaken(
        external_ref=told.external_ref,
        outcome="known",
        id=held.stream,
        number=f"PRB-{held.state.number or new}",
        version=held.version,
    )
    reason = begins_otherwise(known, held.state.imported_digest, told_by)
    if reason is not None:
        item.outcome, item.reason = "refused", reason
    elif known < len(told_by):
        item.outcome = "continued" if known else "added"
        after = _added(draft, held, told, manner, item)
        done = Backfilled(system=manner.system, steps=len(told_by), digest=told_by[-1])
        item.version = draft.add(PROBLEM, after, [done]).version
        item.steps, item.events = len(told_by) - known, item.version - held.version
    return item


def _added(
    draft: Draft, held: Folded[Problem], told: History, manner: Manner, item: HistoryTaken
) -> Folded[Problem]:
    """The problem after its new steps; the item learns what they came to."""
    known = held.state.imported_steps
    for number, step in enumerate(told.steps[known:], known + 1):
        before = held.state
        if before.status is None:
            events = history.logged(told, int(item.number[4:]), manner)
        else:
            events = history.follows(before, step, manner)
            item.group_changes += step.set.get("group", before.group) != before.group
        item.deviations.extend(conformance.deviations(before, number, step, events))
        held = draft.add(PROBLEM, held, events)
        item.reanalyses += held.state.reanalysis_count - before.reanalysis_count
    return held
