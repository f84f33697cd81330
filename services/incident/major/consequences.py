"""What else follows from a command: rules propose or promote, and what is major has a plan."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.incident import incident as folding
from services.incident.events import (
    Assigned,
    Categorised,
    Declared,
    IncidentEvent,
    Prioritised,
    Reopened,
)
from services.incident.incident import Incident
from services.incident.major import events as m
from services.incident.major.events import Inputs
from services.incident.major.plans import Plans
from services.incident.major.state import open_tasks
from services.incident.major.triggers import CriticalityOf, Rule, Triggers, is_worse
from services.incident.major.turning import inputs_of
from services.incident.relations.events import ChildAdded
from services.incident.rules import OPEN, MajorState
from shared.domain import Event

_INPUTS: frozenset[type[Event]] = frozenset(
    {Declared, Categorised, Prioritised, Assigned, Reopened, ChildAdded}
)
_PLANS: frozenset[type[Event]] = frozenset({Prioritised, m.MajorAccepted})
_HEEDED = _INPUTS | _PLANS


class Grounds(NamedTuple):
    """What is in force when a command is decided."""

    triggers: Triggers
    plans: Plans
    criticality: CriticalityOf
    now: datetime


def heeds(events: Sequence[IncidentEvent]) -> bool:
    """Whether anything could follow; nearly always nothing can."""
    return any(type(event) in _HEEDED and not event.is_quiet for event in events)


def consequences(
    incident: Incident, events: Sequence[IncidentEvent], grounds: Grounds
) -> Sequence[IncidentEvent]:
    """What follows from these events, which have been decided on this state."""
    for event in events:
        incident = folding.evolve(incident, event)
    turned = [] if incident.status not in OPEN else _triggered(incident, grounds)
    for event in turned:
        incident = folding.evolve(incident, event)
    return [*turned, *_planned(incident, [*events, *turned], grounds)]


def _triggered(incident: Incident, grounds: Grounds) -> Sequence[IncidentEvent]:
    """By the first rule that holds, unless a person has decided otherwise about as much."""
    if not grounds.triggers.rules or incident.major.is_accepted:
        return []
    inputs = inputs_of(incident)
    rule = grounds.triggers.first(inputs, grounds.criticality)
    if rule is None or not _applies(incident, rule, inputs, grounds):
        return []
    turn = m.MajorAccepted if rule.then == "promote" else m.MajorProposed
    return [turn(at=grounds.now, rule=rule.name, policy_version=grounds.triggers.version)]


def _applies(incident: Incident, rule: Rule, inputs: Inputs, grounds: Grounds) -> bool:
    major = incident.major
    if major.state is MajorState.PROPOSED:
        return rule.then == "promote"
    if major.state is MajorState.NONE or major.turned_down is None:
        return True
    return is_worse(rule, major.turned_down, inputs, grounds.criticality)


def _planned(
    incident: Incident, events: Sequence[IncidentEvent], grounds: Grounds
) -> Sequence[IncidentEvent]:
    """On its acceptance, and while it is open when another priority asks for another cadence."""
    if not incident.major.is_accepted or _PLANS.isdisjoint(map(type, events)):
        return []
    accepted = [event for event in events if isinstance(event, m.MajorAccepted)]
    if not accepted and incident.status not in OPEN:
        return []
    plan = grounds.plans.at(incident.priority)
    if plan == tuple(task.planned for task in open_tasks(incident.major)):
        return []
    return [
        m.UpdatesPlanned(
            at=accepted[0].at if accepted else grounds.now,
            policy_version=grounds.plans.version,
            plan=plan,
            priority=incident.priority,
        )
    ]
