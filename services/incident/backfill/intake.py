"""Takes histories of incidents into the log."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from services.incident.backfill import conformance, history
from services.incident.backfill import events as b
from services.incident.backfill.history import Manner
from services.incident.backfill.report import BackfillReport, HistoryTaken, report_of
from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.incidents import INCIDENT, Follow, Incidents
from services.incident.rules import Status
from shared.aggregate import Folded
from shared.backfill.history import History, begins_otherwise, digests
from shared.backfill.intake import Intake
from shared.draft import Draft


def intake(incidents: Incidents, manner: Manner) -> Intake[Incident, HistoryTaken, BackfillReport]:
    """What takes histories of this system in this manner."""
    take = partial(_taken, _How(manner, incidents.completed))
    return Intake(incidents, manner.system, incidents.numbers, take, report_of, BackfillReport)


class _How(NamedTuple):
    """In which manner, and what follows from what is not only history."""

    manner: Manner
    follow: Follow


Add = Callable[[Folded[Incident], Sequence[IncidentEvent]], Folded[Incident]]


def _taken(
    how: _How, draft: Draft, held: Folded[Incident], told: History, new: int | None
) -> HistoryTaken:
    told_by, known = digests(told.steps), held.state.imported_steps
    item = HistoryTaken(
        external_ref=told.external_ref,
        outcome="known",
        id=held.stream,
        number=f"INC-{held.state.number or new}",
        version=held.version,
    )
    if (reason := _refusal(held.state, told_by)) is not None:
        item.outcome, item.reason = "refused", reason
    elif known < len(told.steps):
        item.outcome = "continued" if known else "added"
        after = _added(partial(_add, draft, how.follow), held, told, how.manner, item)
        steps = len(told.steps)
        done = b.Backfilled(system=how.manner.system, steps=steps, digest=told_by[-1])
        item.version = draft.add(INCIDENT, after, [done]).version
        item.steps, item.events = steps - known, item.version - held.version
    return item


def _add(
    draft: Draft, follow: Follow, held: Folded[Incident], events: Sequence[IncidentEvent]
) -> Folded[Incident]:
    return draft.add(INCIDENT, held, follow(held.state, events))


def _refusal(state: Incident, told: Sequence[str]) -> str | None:
    known = state.imported_steps
    if (reason := begins_otherwise(known, state.imported_digest, told)) is not None:
        return reason
    if state.status is Status.MERGED and known < len(told):
        return "it has been merged into another since; unmerge it first"
    return None


def _added(
    add: Add, held: Folded[Incident], told: History, manner: Manner, item: HistoryTaken
) -> Folded[Incident]:
    """The incident after its new steps; the item learns what they came to."""
    known = held.state.imported_steps
    for number, step in enumerate(told.steps[known:], known + 1):
        before = held.state
        if before.status is None:
            events = history.declared(told, int(item.number[4:]), manner)
        else:
            events = history.follows(before, step, manner)
        item.deviations.extend(conformance.deviations(before, number, step, events))
        held = add(held, events)
        item.reopenings += held.state.reopen_count - before.reopen_count
        item.group_changes += held.state.reassignment_count - before.reassignment_count
    return held
