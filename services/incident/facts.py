"""What machines record about an incident: a side stream, so the incident's version stays."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Column, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.incident.answers import Answer, PageAcknowledged
from services.incident.major import reminders
from services.incident.major.reminders import Reminder
from services.incident.problem_feed import facts as of_problems
from services.incident.problem_feed.facts import FactOfProblem, OfProblem, ProblemFact
from services.incident.regulators import warnings
from services.incident.regulators.warnings import RegulatoryWarning
from services.incident.review import reminders as items
from services.incident.review.reminders import ItemReminder
from services.incident.suggestions.facts import KnownErrorsSuggested, suggestion_rows
from shared.aggregate import Aggregate, Folded, Row
from shared.domain import Event, State, changed, event
from shared.store.tables import version_columns

PREVIOUS = "previous-incident"
"""The label that names the incident a group had before; no monitor's label has a hyphen."""


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


class Decided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rules for alerts made of news, and what kept them from doing more."""

    course: str
    version: int  # of the policy alert-rules
    rule: str | None = None  # by name or place; None where none fitted
    because: str | None = None  # maintenance, flapping
    until: datetime | None = None  # decided again then
    window: str | None = None  # the maintenance window


@event("incident.alerts_attached")
class AlertsAttached(Event, frozen=True):
    receiver: str
    group_key: str
    alerts: tuple[Alert, ...]
    more: dict[str, Any] = {}
    decided: Decided | None = None


@event("incident.told")
class Told(Event, frozen=True):
    """A notification about the incident reached a recipient, or finally did not."""

    notification: UUID
    recipient: str
    fact: str
    channel: str
    outcome: str
    at: datetime
    cause: UUID | None = None  # the event they were told of


@event("incident.problem_raised")
class ProblemRaised(Event, frozen=True):
    problem: UUID
    number: str
    title: str


@event("incident.sla_warned")
class SlaWarned(Event, frozen=True):
    """Most of a target's time has passed; `at` is when, `round` counts the resets before."""

    incident: UUID
    kind: str
    round: int
    target: str
    policy_version: int
    at: datetime
    due_at: datetime | None = None


@event("incident.sla_breached")
class SlaBreached(Event, frozen=True):
    """A target was not met in time. That stays, whatever is corrected later."""

    incident: UUID
    kind: str
    round: int
    target: str
    policy_version: int
    at: datetime
    due_at: datetime | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One clock under another version of the policy, as it stood when that was asked."""

    kind: str
    round: int
    target: str
    state: str
    elapsed_seconds: float
    priority: int | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    breached_at: datetime | None = None


@event("incident.sla_judged")
class SlaJudged(Event, frozen=True):
    """What a version of the policy says of the past; the verdicts that were stay beside it."""

    rerun: UUID
    policy_version: int
    judgements: tuple[Judgement, ...]


Passed = SlaWarned | SlaBreached | Reminder | RegulatoryWarning | ItemReminder

Fact = (
    AlertsAttached
    | Told
    | ProblemRaised
    | ProblemFact
    | KnownErrorsSuggested
    | SlaJudged
    | Passed
    | Answer
)


class Facts(State, frozen=True):
    """How much was recorded, and which of it only happens once; the rest is read from the log."""

    count: int = 0
    once: frozenset[str] = frozenset()
    heard: dict[str, int] = {}  # of a matter of a problem, how far its log was told
    pages_seen: dict[UUID, dict[str, datetime]] = {}  # by matter, such as a request


def facts_stream(incident: UUID) -> UUID:
    """Where the facts about an incident stand."""
    return uuid5(incident, "facts")


def attach(facts: Facts, *, fact: Fact) -> list[Fact]:
    return [fact]


def pass_once(facts: Facts, *, passed: Sequence[Passed]) -> list[Fact]:
    """Warnings, breaches and reminders, each once."""
    return [fact for fact in passed if _once(fact) not in facts.once]


def hear_of_problem(facts: Facts, *, fact: FactOfProblem) -> list[Fact]:
    """Each is told once; what is older than the newest of its matter comes too late."""
    return [fact] if of_problems.is_news(fact, facts.heard) else []


def evolve(facts: Facts, event: Any) -> Facts:
    count = facts.count + 1
    if isinstance(event, Passed):
        return changed(facts, count=count, once=facts.once | {_once(event)})
    if isinstance(event, OfProblem):
        return changed(facts, count=count, heard=of_problems.heard_of(event, facts.heard))
    if isinstance(event, PageAcknowledged) and event.matter is not None:
        return changed(facts, count=count, pages_seen=_seen(facts, event, event.matter))
    return changed(facts, count=count)


def _seen(facts: Facts, event: PageAcknowledged, matter: UUID) -> dict[UUID, dict[str, datetime]]:
    """Of each person the first counts, by whichever way they were paged."""
    before = facts.pages_seen.get(matter, {})
    seen = before if event.by in before else before | {event.by: event.at}
    return facts.pages_seen | {matter: seen}


def _once(fact: Passed) -> str:
    if isinstance(fact, Reminder):
        return reminders.once(fact)
    if isinstance(fact, RegulatoryWarning):
        return warnings.once(fact)
    if isinstance(fact, ItemReminder):
        return items.once(fact)
    return f"{fact.topic}:{fact.kind}:{fact.round}"


INCIDENT_ALERTS = Table(
    "incident_alerts",
    MetaData(),
    *version_columns(),
    Column("incident_facts", Uuid, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("told", JSONB, nullable=False),
)
"""A version for each time that something new was told of the alert; `told` is that, whole."""


def alert_id(incident: UUID, receiver: str, group_key: str, fingerprint: str) -> UUID:
    """The id of an alert of an incident."""
    return _id(facts_stream(incident), receiver, group_key, fingerprint)


def fact_rows(folded: Folded[Facts], event: Fact) -> Iterable[Row]:
    """The rows that facts write: of alerts, of suggestions."""
    if isinstance(event, KnownErrorsSuggested):
        return suggestion_rows(folded, event)
    return alert_rows(folded, event)


def alert_rows(folded: Folded[Facts], event: Fact) -> Iterable[Row]:
    """A row for each alert that was attached; of one told twice at once, the later."""
    if not isinstance(event, AlertsAttached):
        return
    told = {alert.fingerprint: alert for alert in sorted(event.alerts, key=_age)}
    about = (folded.stream, event.receiver, event.group_key)
    for fingerprint, alert in told.items():
        of = (_id(*about, fingerprint), folded.version, folded.created_at)
        content = msgspec.json.encode(alert, order="sorted").decode()
        yield Row(INCIDENT_ALERTS, (*of, *about, alert.status, content))


def _age(alert: Alert) -> tuple[bool, datetime, bool]:
    """Of several tellings of one alert its newest start holds, and of that the end."""
    start = alert.starts_at
    has_ended = start is not None and alert.status == "resolved"
    return start is not None, start or datetime.max.replace(tzinfo=UTC), has_ended


def _id(facts: UUID, receiver: str, group_key: str, fingerprint: str) -> UUID:
    return uuid5(facts, f"{receiver}\0{group_key}\0{fingerprint}")


FACTS: Aggregate[Facts, Fact] = Aggregate("incident facts", Facts(), evolve, rows=fact_rows)
