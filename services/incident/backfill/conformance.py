"""Which steps of an imported history our own rules would have refused."""

from collections.abc import Iterator, Sequence

from services.incident import events as e
from services.incident.backfill.history import status_after
from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import refusal
from services.incident.rules import RULES, WHY_NOT, Status
from shared.backfill.history import Deviation, Step

_COMMANDS: dict[type[IncidentEvent], str] = {
    e.Categorised: "categorise",
    e.Prioritised: "prioritise",
    e.Assigned: "assign",
    e.Noted: "note",
}


_BEGINNINGS = frozenset({e.Declared, e.Reopened})


def deviations(
    incident: Incident, number: int, step: Step, events: Sequence[IncidentEvent]
) -> Iterator[Deviation]:
    """Of this step, taken on the incident before it."""
    here, there = incident.status or Status.NEW, status_after(incident, step)
    if (why := why_not(here, there)) is not None:
        yield Deviation(number, step.at, f"{here} → {there}", why)
    if type(events[0]) in _BEGINNINGS:
        return
    for event in events:
        command = _COMMANDS.get(type(event))
        if command is not None and (why := refusal(incident, command)) is not None:
            yield Deviation(number, step.at, command, why)


_WAYS = {(here, there) for rule in RULES.values() for here, there in rule.leads.items() if there}


def why_not(here: Status, there: Status) -> str | None:
    """Why no command of ours leads from one status to another; None where one does."""
    if here is Status.CLOSED and there is Status.IN_PROGRESS:
        return "the incident is closed; reopening it takes an incident manager"
    if here is there or (here, there) in _WAYS:
        return None
    return WHY_NOT[here]
