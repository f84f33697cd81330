"""What an alert becomes: ordered rules from labels to an incident's fields, as policy data."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, StrictBool, model_validator

from services.incident.alerts.cloudevent_rules import CloudEventRules
from services.incident.alerts.patterns import Label, Match, cost_of
from services.incident.bodies import Level
from shared.errors import Invalid
from shared.http.body import Body, Line, Name, Whole

_WEEK = 10_080
MOST_ALTERNATIVES = 2_000
MOST_SLOW = 20
Minutes = Annotated[Whole, Field(ge=1, le=_WEEK)]


class AlertRule(Body):
    """What the alerts become whose labels fit all of `match`."""

    name: Line | None = None
    match: Annotated[list[Match], Field(max_length=20)] = []
    service: Name | None = None
    service_label: Annotated[Label, Field(description="Names the service if no rule does")] = (
        "service"
    )
    default_service: Name | None = None
    item: Name | None = None
    category: Name | None = None
    subcategory: Name | None = None
    impact: Level | None = None
    urgency: Level | None = None
    group: Name | None = None
    group_by: Annotated[
        list[Label],
        Field(
            max_length=10,
            description="Labels whose values name the group, instead of receiver and group key",
        ),
    ] = []
    group_window_minutes: Annotated[
        Minutes | None,
        Field(description="An alert that begins so long after the last one gets its own incident"),
    ] = None
    declare_in_maintenance: StrictBool = False

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.impact is None) != (self.urgency is None):
            raise ValueError("give both impact and urgency, or neither")
        return self

    @property
    def group_window(self) -> timedelta | None:
        """How long after its last beginning a group takes up another alert."""
        minutes = self.group_window_minutes
        return None if minutes is None else timedelta(minutes=minutes)

    def service_of(self, labels: Mapping[str, str]) -> str | None:
        """The service that an alert with these labels is about."""
        named = labels.get(self.service_label, "").strip()[:100].strip()
        return self.service or named or self.default_service

    def details(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """The fields of the incident's declaration that this rule decides."""
        return {
            "service": self.service_of(labels),
            "item": self.item,
            "category": self.category,
            "subcategory": self.subcategory,
            "group": self.group,
        }


def _told(label: str, value: str, impact: int, urgency: int) -> AlertRule:
    match = [Match(label=label, equals=value)]
    return AlertRule(name=f"{label} {value}", match=match, impact=impact, urgency=urgency)


class Chosen(NamedTuple):
    """The rule that decides, and what people call it; None where none fitted."""

    rule: AlertRule
    name: str | None


class AlertRulesDocument(Body):
    """The first rule that fits decides; alerts that fit none wait for triage."""

    rules: Annotated[list[AlertRule], Field(max_length=200)] = [
        _told("priority", "P1", 1, 1),
        _told("priority", "P2", 2, 1),
        _told("priority", "P3", 2, 2),
        _told("priority", "P4", 3, 2),
        _told("priority", "P5", 3, 3),
        _told("severity", "critical", 2, 1),
        _told("severity", "error", 2, 2),
        _told("severity", "warning", 3, 2),
        _told("severity", "info", 3, 3),
    ]
    default_service: Annotated[
        Name | None, Field(description="Of alerts whose rule and labels name none")
    ] = None
    reopen_window_minutes: Annotated[Whole, Field(ge=0, le=_WEEK)] = 30
    resolve_when_unacknowledged: StrictBool = True
    echo_minutes: Annotated[
        int, Field(ge=1, le=1_440, description="How late a slow peer of the monitor may repeat")
    ] = 10
    flapping_transitions: Annotated[
        Annotated[Whole, Field(ge=3, le=50)] | None,
        Field(description="A group that begins and ends so often flaps; null: none ever does"),
    ] = 10
    flapping_minutes: Annotated[Whole, Field(ge=1, le=1_440)] = 30
    lapse_after_hours: Annotated[
        Annotated[Whole, Field(ge=1, le=8_760)] | None,
        Field(description="What a monitor that repeats itself has not told for so long is over"),
    ] = 48
    cloudevents: CloudEventRules = CloudEventRules()

    @property
    def window(self) -> timedelta:
        """How long after its end a group that fires again reopens its incident."""
        return timedelta(minutes=self.reopen_window_minutes)

    @property
    def echo(self) -> timedelta:
        """How long a firing told again counts as an echo of what has ended."""
        return timedelta(minutes=self.echo_minutes)

    @property
    def flapping(self) -> timedelta:
        """How far back transitions are counted, and how long it must be quiet afterwards."""
        return timedelta(minutes=self.flapping_minutes)

    @property
    def lapse(self) -> timedelta | None:
        """How long an alert counts as firing although its monitor is silent about it."""
        return None if self.lapse_after_hours is None else timedelta(hours=self.lapse_after_hours)

    def choose(self, labels: Mapping[str, str]) -> Chosen:
        """The rule that decides about these labels."""
        for place, rule in enumerate(self.rules, 1):
            if all(match.fits(labels) for match in rule.match):
                return Chosen(rule, rule.name or f"rule {place}")
        return Chosen(_NO_RULE, None)

    def service_of(self, rule: AlertRule, labels: Mapping[str, str]) -> str | None:
        """The service that an alert with these labels is about."""
        return rule.service_of(labels) or self.default_service

    def details(self, rule: AlertRule, labels: Mapping[str, str]) -> dict[str, Any]:
        """The fields of the incident's declaration that the rules decide."""
        return rule.details(labels) | {"service": self.service_of(rule, labels)}


_NO_RULE = AlertRule()


def check_rules(document: AlertRulesDocument) -> None:
    """Bounds the work of all patterns together. Raises Invalid.

    Asked of new rules only: what was stored once stays readable.
    """
    patterns = (match.matches for rule in document.rules for match in rule.match)
    costs = [cost_of(pattern) for pattern in patterns if pattern is not None]
    if sum(cost.alternatives for cost in costs) > MOST_ALTERNATIVES:
        wrong = f"all patterns together may have {MOST_ALTERNATIVES} alternatives at most"
        raise Invalid(("/rules", wrong))
    if sum(cost.slow for cost in costs) > MOST_SLOW:
        wrong = f"at most {MOST_SLOW} alternatives may repeat twice; use one_of or a prefix"
        raise Invalid(("/rules", wrong))


class _Read(NamedTuple):
    """The document that was read last, as it stands in the log and as rules."""

    stored: dict[str, Any] | None
    rules: AlertRulesDocument


_last = [_Read(None, AlertRulesDocument())]


def rules_of(document: dict[str, Any] | None) -> AlertRulesDocument:
    """The rules of a stored policy document; the built-in ones where none was set."""
    if _last[0].stored is not document:
        _last[0] = _Read(document, AlertRulesDocument(**(document or {})))
    return _last[0].rules
