"""What another system has kept of an incident, and the events that follow from it.

A step says what its record said from then on; only what differs from what is known becomes an
event. Nothing is refused here: it has happened. What our rules make of it stands in `conformance`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from services.incident import events as e
from services.incident.backfill import events as b
from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.rules import Status
from shared.backfill.history import History, Step, differs, merged, originals
from shared.domain import changed

_ENDED = frozenset({Status.RESOLVED, Status.CLOSED, Status.CANCELLED})
_TRIAGE = ("category", "subcategory", "service", "item")
_LEVELS = ("impact", "urgency", "priority")


class Manner(NamedTuple):
    """How history is taken over: quietly, or as if it happened here (`live`).

    Where it is live, a resolved incident closes by itself after so many days.
    """

    system: str
    live: bool = False
    close_after_days: int | None = None


def declared(history: History, number: int, manner: Manner) -> Sequence[IncidentEvent]:
    """The events of a history's first step: it begins with whatever the record said then."""
    step = history.steps[0]
    told: dict[str, Any] = {
        name: step.set.get(name) for name in (*_TRIAGE, *_LEVELS, "group", "assigned_to")
    }
    first = e.Declared(
        number=number,
        source=manner.system,
        external_ref=history.external_ref,
        **history.details,
        **told,
    )
    later = [*_moves(Incident(status=Status.NEW), step, manner), *_notes(step)]
    return originals([first, *later], step, live=manner.live)


def follows(incident: Incident, step: Step, manner: Manner) -> Sequence[IncidentEvent]:
    """The events of a later step; at least one, so that nothing the source said is lost."""
    moves = list(_moves(incident, step, manner))
    reopened = 1 if moves and isinstance(moves[0], e.Reopened) else 0
    changes = [*moves[:reopened], *_changes(incident, step), *moves[reopened:], *_notes(step)]
    return originals(changes or [b.SourceStated()], step, live=manner.live)


def _changes(incident: Incident, step: Step) -> Iterator[IncidentEvent]:
    said = step.set
    if differs(incident, said, _TRIAGE):
        yield e.Categorised(**merged(incident, said, _TRIAGE))
    if differs(incident, said, _LEVELS):
        yield e.Prioritised(**merged(incident, said, _LEVELS), matrix_version=None)
    if differs(incident, said, ("group", "assigned_to")):
        to = merged(incident, said, ("group", "assigned_to"))
        yield e.Assigned(group=to["group"], person=to["assigned_to"])


def _notes(step: Step) -> Iterator[IncidentEvent]:
    if step.note is not None:
        yield e.Noted(text=step.note)


def status_after(incident: Incident, step: Step) -> Status:
    """What the record says, where it says something."""
    return Status(step.set.get("status") or incident.status or Status.NEW)


def _moves(incident: Incident, step: Step, manner: Manner) -> Iterator[IncidentEvent]:
    """From status to status, by whatever of our events tells it best."""
    there = status_after(incident, step)
    if reopens(incident.status, there):
        yield e.Reopened()
        incident = changed(incident, status=Status.IN_PROGRESS)
    if there is Status.RESOLVED:
        yield from _resolved(incident, step, manner)
    elif there is Status.ON_HOLD:
        yield from _held(incident, step)
    elif there is not incident.status:
        yield _turned(incident, there, step)


def _turned(incident: Incident, there: Status, step: Step) -> IncidentEvent:
    match there:
        case Status.CLOSED:
            return e.Closed(at=step.at)
        case Status.CANCELLED:
            return e.Cancelled()
        case Status.IN_PROGRESS if incident.status is Status.ON_HOLD:
            return e.Resumed()
        case Status.IN_PROGRESS:
            return e.Acknowledged(at=step.at)
        case _:
            return b.StatusStated(status=there)


def _held(incident: Incident, step: Step) -> Iterator[IncidentEvent]:
    reason = step.set.get("hold_reason", incident.hold_reason)
    same = incident.status is Status.ON_HOLD and reason == incident.hold_reason
    if reason is not None and not same:
        yield e.Held(reason=reason)


def _resolved(incident: Incident, step: Step, manner: Manner) -> Iterator[IncidentEvent]:
    is_again = incident.status is Status.RESOLVED
    if is_again and "resolution" not in step.set:
        return
    yield e.Resolved(
        at=(incident.resolved_at if is_again else None) or step.at,
        code=step.set.get("resolution_code"),
        summary=step.set.get("resolution"),
        close_after_days=manner.close_after_days,
    )


def reopens(here: Status | None, there: Status) -> bool:
    """Whether this way leads out of what had ended."""
    is_forward = here is there or there in (Status.CLOSED, Status.CANCELLED)
    return here in _ENDED and not is_forward
