"""An incident's facts as both documents show them: the review and the live state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.incident.regulators.desk import RegulatorReading
from services.incident.regulators.view import deadline_views
from services.incident.review.deliveries import Delivery
from services.incident.review.document import (
    ImpactWindow,
    Moment,
    Participant,
    Participation,
    Span,
    StatusSpan,
)
from services.incident.review.lanes import is_communication, is_decision
from services.incident.review.replay import Impact, Proven, Replayed, seconds_in
from shared.timeline import Entry

MOST_ENTRIES = 2_000


class Facts(NamedTuple):
    """What was read of an incident: up to which position, at what moment."""

    replayed: Replayed
    entries: Sequence[Entry]
    deliveries: Sequence[Delivery]
    regulators: RegulatorReading
    position: int
    now: datetime


def told_of(facts: Facts) -> dict[str, Any]:
    """The fields that documents have in common."""
    state, replayed = facts.replayed.incident, facts.replayed
    return {
        "number": f"INC-{state.number}",
        "title": state.title,
        "service": state.service,
        "priority": state.priority,
        "severity": "major" if state.major.is_accepted else "incident",
        "position": facts.position,
        "impact_window": _impact(replayed.impact),
        "milestones": [_moment(name, each) for name, each in _in_order(replayed.milestones)],
        "durations": [
            Span(name=d.name, seconds=d.seconds, begins=d.begins.event, ends=d.ends.event)
            for d in replayed.durations
        ],
        "statuses": _statuses(replayed),
        "seconds_in_status": seconds_in(replayed.stretches, facts.now),
        "participants": _participants(replayed),
        "communications": [each for each in facts.entries if is_communication(each)],
        "told": list(facts.deliveries),
        "decisions": [each for each in facts.entries if is_decision(each)],
        "regulators": deadline_views(facts.regulators),
    }


def _in_order(milestones: dict[str, Proven]) -> list[tuple[str, Proven]]:
    return sorted(milestones.items(), key=lambda each: (each[1].at, each[0]))


def _moment(name: str, proven: Proven) -> Moment:
    return Moment(name=name, at=proven.at, event=proven.event)


def _impact(impact: Impact | None) -> ImpactWindow | None:
    if impact is None:
        return None
    since, until = impact.begins, impact.ends
    return ImpactWindow(
        since=since.at,
        by=impact.since,
        begins=since.event,
        until=None if until is None else until.at,
        until_by=impact.until,
        ends=None if until is None else until.event,
        seconds=None if until is None else (until.at - since.at).total_seconds(),
    )


def _statuses(replayed: Replayed) -> list[StatusSpan]:
    return [
        StatusSpan(
            status=each.status,
            since=each.begins.at,
            until=None if each.ends is None else each.ends.at,
            begins=each.begins.event,
            ends=None if each.ends is None else each.ends.event,
        )
        for each in replayed.stretches
    ]


def _participants(replayed: Replayed) -> list[Participant]:
    found: dict[str, list[Participation]] = {}
    for part in replayed.parts:
        took = Participation(role=part.as_, since=part.first.at, event=part.first.event)
        found.setdefault(part.person, []).append(took)
    return [Participant(person=person, took_part=took) for person, took in found.items()]
