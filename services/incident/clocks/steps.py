"""An incident's events as what they mean to its clocks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.incident.clocks.calendar import micros
from services.incident.clocks.rules import Kind, Traits
from services.incident.events import HoldReason
from services.incident.facts import SlaBreached, SlaWarned
from services.incident.rules import Status
from shared.domain import Event
from shared.store.reader import Recorded


class Turn(StrEnum):
    """What a step does to clocks."""

    BEGIN = "begin"
    TRAITS = "traits"
    WORK = "work"
    HOLD = "hold"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CANCEL = "cancel"
    RESTORE = "restore"
    CORRECT = "correct"
    WARNED = "warned"
    BREACHED = "breached"


class Step(NamedTuple):
    """One event: when it happened in the world (`at`) and when that became known.

    `quiet`: imported history, because of which nothing is done. `clock`: the kind and round of
    the clock that a recorded warning or breach is about.
    """

    turn: Turn
    at: int
    known: int
    event: UUID
    position: int
    reason: str
    traits: Traits = Traits()
    hold: HoldReason | None = None
    milestone: str = ""
    status: str = ""
    clock: tuple[Kind, int] = (Kind.RESPONSE, 0)
    quiet: bool = False


def _status(event: Any) -> dict[str, Any]:
    """A status that a source states, or that returns with the end of a merge."""
    turns = {
        Status.ON_HOLD: Turn.HOLD,
        Status.RESOLVED: Turn.RESOLVE,
        Status.CLOSED: Turn.RESOLVE,
        Status.CANCELLED: Turn.CANCEL,
    }
    return {"turn": turns.get(event.status, Turn.WORK), "reason": f"status {event.status}"}


def _hold(event: Any) -> dict[str, Any]:
    reason: HoldReason = event.reason
    return {"turn": Turn.HOLD, "hold": reason, "reason": f"on hold, {_words(reason)}"}


def _correction(event: Any) -> dict[str, Any]:
    milestone = str(event.milestone)
    told = f"{milestone} corrected"
    return {"turn": Turn.CORRECT, "milestone": milestone, "reason": told, "at": micros(event.to)}


def _fact(turn: Turn) -> Callable[[Any], dict[str, Any]]:
    def told(event: SlaWarned | SlaBreached) -> dict[str, Any]:
        clock = (Kind(event.kind), event.round)
        return {"turn": turn, "reason": turn.value, "clock": clock}

    return told


def _plain(turn: Turn, reason: str) -> Callable[[Any], dict[str, Any]]:
    return lambda event: {"turn": turn, "reason": reason}


_MEANINGS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "incident.declared": _plain(Turn.BEGIN, "declared"),
    "incident.prioritised": _plain(Turn.TRAITS, "prioritised"),
    "incident.categorised": _plain(Turn.TRAITS, "categorised"),
    "incident.assigned": _plain(Turn.TRAITS, "assigned"),
    "incident.acknowledged": _plain(Turn.ACKNOWLEDGE, "acknowledged"),
    "incident.work_started": _plain(Turn.WORK, "work started"),
    "incident.held": _hold,
    "incident.resumed": _plain(Turn.WORK, "resumed"),
    "incident.resolved": _plain(Turn.RESOLVE, "resolved"),
    "incident.reopened": _plain(Turn.REOPEN, "reopened"),
    "incident.cancelled": _plain(Turn.CANCEL, "cancelled"),
    "incident.merged": _plain(Turn.CANCEL, "merged"),
    "incident.unmerged": _plain(Turn.RESTORE, "unmerged"),
    "incident.milestone_corrected": _correction,
    "incident.status_stated": _status,
    SlaWarned.topic: _fact(Turn.WARNED),
    SlaBreached.topic: _fact(Turn.BREACHED),
}

TOPICS = tuple(_MEANINGS)
"""The events that mean something to clocks."""


def steps_of(events: Iterable[Recorded]) -> list[Step]:
    """What these events, in the order of the log, mean to the clocks of their incident.

    What was known never goes back, and nothing has happened after it was known.
    """
    steps: list[Step] = []
    traits, known = Traits(), 0
    for recorded in events:
        meaning = _MEANINGS.get(recorded.topic)
        if meaning is None:
            continue
        event = recorded.event
        told = _traits(traits, event)
        known = max(known, micros(_known(event, recorded)))
        step = _step(recorded, event, known, meaning(event))
        if step.turn is not Turn.TRAITS or told != traits:
            steps.append(step._replace(traits=told))
        traits = told
    return steps


def settled(steps: Sequence[Step], until: int) -> list[Step]:
    """As it happened in the world by a moment: each milestone where its last correction puts it."""
    kept: list[Step] = []
    for step in steps:
        if step.turn is not Turn.CORRECT:
            kept.append(step)
        elif (place := _corrected(kept, step.milestone)) is not None:
            kept[place] = kept[place]._replace(at=step.at)
        elif step.milestone == "acknowledged":
            kept.append(step._replace(turn=Turn.ACKNOWLEDGE))
    kept.sort(key=lambda step: (step.at, step.position))
    return [step._replace(known=step.at) for step in kept if step.at <= until]


def _corrected(steps: Sequence[Step], milestone: str) -> int | None:
    turns = {"acknowledged": Turn.ACKNOWLEDGE, "resolved": Turn.RESOLVE}
    wanted = turns.get(milestone)
    places = [place for place, step in enumerate(steps) if step.turn is wanted]
    return places[-1] if places else None


def _step(recorded: Recorded, event: Event, known: int, meaning: dict[str, Any]) -> Step:
    at = micros(event.effective(recorded.recorded_at))
    if meaning["turn"] is Turn.BEGIN:
        at = known
    fields: dict[str, Any] = {"at": at} | meaning
    return Step(
        **(fields | {"at": min(fields["at"], known)}),
        known=known,
        event=recorded.event_id,
        position=recorded.position,
        status=str(getattr(event, "status", "")),
        quiet=bool(getattr(event, "is_quiet", False)),
    )


def _known(event: Event, recorded: Recorded) -> Any:
    """Imported history became known, as far as its clocks go, when its source says."""
    origin = getattr(event, "origin", None)
    return recorded.recorded_at if origin is None else origin.at


def _traits(traits: Traits, event: Event) -> Traits:
    named = {n: getattr(event, n) for n in Traits._fields if n in event.__struct_fields__}
    if event.topic in ("incident.declared", "incident.prioritised", "incident.categorised"):
        return traits._replace(**named)
    return traits._replace(group=named["group"]) if event.topic == "incident.assigned" else traits


def _words(reason: HoldReason) -> str:
    return reason.value.replace("_", " ")
