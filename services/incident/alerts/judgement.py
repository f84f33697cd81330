"""What keeps alerts from declaring, reopening or ending an incident: maintenance, and flapping."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.incident.alerts.course import Course, is_open
from services.incident.alerts.group import AlertGroup
from services.incident.alerts.rules import AlertRulesDocument, Chosen
from services.incident.events import ResolutionCode
from services.incident.facts import Decided
from services.incident.incident import Incident

MAINTENANCE = "maintenance"
FLAPPING = "flapping"


class Maintenance(NamedTuple):
    """A maintenance window that is on, and when it ends."""

    window: str
    until: datetime


InMaintenance = Callable[[datetime, str | None, str | None], Awaitable[Maintenance | None]]
"""Which window a service and an item are in at a moment."""


class Judgement(NamedTuple):
    """What is done, why, and whether an end of the alerts must wait."""

    course: Course
    decided: Decided
    chosen: Chosen
    holds: bool = False
    beside: bool = False  # the incident so far goes on beside the new one


class Case(NamedTuple):
    """What is judged: the group before and after the news, its incident, where the news leads."""

    before: AlertGroup
    after: AlertGroup
    incident: Incident | None
    found: Course
    labels: Mapping[str, str]
    at: datetime


async def judge(
    rules: AlertRulesDocument, version: int, case: Case, in_maintenance: InMaintenance
) -> Judgement:
    """What comes of it."""
    chosen = rules.choose(case.labels)
    decided = Decided(course=case.found, version=version, rule=chosen.name)
    waits = case.before.held_back
    if _begins(case.found) and not chosen.rule.declare_in_maintenance:
        service, item = rules.service_of(chosen.rule, case.labels), chosen.rule.item
        if (on := await in_maintenance(case.at, service, item)) is not None:
            kept = Decided(course=Course.WITHHOLD, version=version, rule=chosen.name)
            why = {"because": MAINTENANCE, "until": on.until, "window": on.window}
            return Judgement(Course.WITHHOLD, msgspec.structs.replace(kept, **why), chosen)
    elif waits is not None and waits.because == MAINTENANCE and _still_waits(case):
        return Judgement(Course.WITHHOLD, waits, chosen)
    if case.after.flaps(case.at, rules.flapping_transitions, rules.flapping):
        return _flapping(rules, case, decided, chosen)
    beside = case.found is Course.DECLARE and is_open(case.incident)
    return Judgement(case.found, decided, chosen, beside=beside)


def _begins(course: Course) -> bool:
    return course in (Course.DECLARE, Course.REOPEN)


def _still_waits(case: Case) -> bool:
    return case.after.fires and not is_open(case.incident)


def _flapping(rules: AlertRulesDocument, case: Case, decided: Decided, chosen: Chosen) -> Judgement:
    """Its incident is held open, or left to people who ended it, until it has been quiet."""
    found, incident = case.found, case.incident
    by_itself = incident is not None and incident.resolution_code is ResolutionCode.SELF_RECOVERED
    may_begin = incident is None or (found is Course.REOPEN and by_itself)
    course = Course.ATTACH if _begins(found) and not may_begin else found
    until = case.at + rules.flapping
    kept = msgspec.structs.replace(decided, course=course, because=FLAPPING, until=until)
    return Judgement(course, kept, chosen, holds=True)
