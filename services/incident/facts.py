"""What machines record about an incident: a side stream, so the incident's version stays."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from shared.aggregate import Aggregate
from shared.domain import Event, State, changed, event


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert as its monitor told it; times to the microsecond, None where it named none."""

    fingerprint: str
    status: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    generator_url: str | None = None
    revision: str | None = None  # of its contents, where its sender may tell it again with others
    more: dict[str, Any] = {}  # what the monitor says beside


@event("incident.alerts_attached")
class AlertsAttached(Event, frozen=True):
    receiver: str
    group_key: str
    alerts: tuple[Alert, ...]
    more: dict[str, Any] = {}


@event("incident.told")
class Told(Event, frozen=True):
    """A notification about the incident reached a recipient, or finally did not."""

    notification: UUID
    recipient: str
    fact: str
    channel: str
    outcome: str
    at: datetime


@event("incident.problem_raised")
class ProblemRaised(Event, frozen=True):
    problem: UUID
    number: str
    title: str


Fact = AlertsAttached | Told | ProblemRaised


class Facts(State, frozen=True):
    """How much was recorded; the records themselves are read from the log."""

    count: int = 0


def facts_stream(incident: UUID) -> UUID:
    """Where the facts about an incident stand."""
    return uuid5(incident, "facts")


def attach(facts: Facts, *, fact: Fact) -> list[Fact]:
    return [fact]


def evolve(facts: Facts, event: Any) -> Facts:
    return changed(facts, count=facts.count + 1)


FACTS: Aggregate[Facts, Fact] = Aggregate("incident facts", Facts(), evolve)
