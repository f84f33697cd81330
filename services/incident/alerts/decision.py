"""One notification of a monitor, decided: all that follows from it goes into one unit of work."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.incident import facts, lifecycle, triage
from services.incident.alerts import group as groups
from services.incident.alerts.events import AlertStatus, Heard, Signal
from services.incident.alerts.group import AlertGroup, Course
from services.incident.alerts.notification import (
    Notification,
    description_of,
    labels_of,
    title_of,
)
from services.incident.alerts.rules import AlertRulesDocument, rules_of
from services.incident.bodies import ReopeningDocument
from services.incident.facts import Alert, AlertsAttached, Facts, facts_stream
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.matrix import Matrix, matrix_of
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.clock import new_id
from shared.domain import State
from shared.ledger import Ledger
from shared.policy import Policy
from shared.work import Work

PREVIOUS = "previous-incident"
"""The label that names the incident a group had before; no monitor's label has a hyphen."""

_ANY_TIME = timedelta.max
_CLOCKS_DIFFER = timedelta(days=1)
_AS_A_SERVICE = frozenset({Role.SERVICE})


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a notification; alerts that were told before count as duplicates."""

    outcome: str
    incident: UUID | None = None
    number: str | None = None
    status: str | None = None
    declared: int = 0
    attached: int = 0
    duplicates: int = 0
    position: int = 0

    def of(self, held: Folded[Incident] | None) -> "Taken":
        """The same, naming the incident it is about."""
        if held is None:
            return self
        number, status = f"INC-{held.state.number}", held.state.status
        return replace(self, incident=held.stream, number=number, status=status)


class Books(NamedTuple):
    """The ledgers that an intake writes."""

    incidents: Incidents
    groups: Ledger[AlertGroup, Heard]
    facts: Ledger[Facts, facts.Fact]


class _Rules(NamedTuple):
    alerts: AlertRulesDocument
    matrix: Matrix
    close_after_days: int | None


class Decision:
    """One attempt; the group, its incident and the policies may not move before its append."""

    def __init__(self, books: Books, work: Work, told: Notification, actor: str) -> None:
        self._books = books
        self._work = work
        self._told = told
        self._actor = actor
        self._at: datetime = work.store.clock()

    async def take(self) -> tuple[Taken, Folded[AlertGroup]]:
        """Decide; nothing is stored yet. Answers also the group as it will be."""
        rules, group = await asyncio.gather(
            self._rules(), self._as_it_is(self._books.groups, self._told.stream)
        )
        held = await self._incident_of(group.state)
        fresh, heard = self._fresh(group.state, rules)
        if not fresh:
            return self._taken("duplicate", held, fresh), group
        course = groups.course(group.state, heard, held and held.state, rules.alerts.window)
        after = await self._follow(course, held, fresh, rules)
        if after is not None:
            heard = replace(heard, incident=after.stream)
            after = await self._attach(after, groups.evolve(group.state, heard), fresh, rules)
        group = await self._work.execute(self._books.groups, group.stream, groups.hear, heard=heard)
        return self._taken(_OUTCOMES[course], after, fresh), group

    async def _rules(self) -> _Rules:
        names = ("priority-matrix", "reopening", "alert-rules")
        matrix, reopening, mapping = await asyncio.gather(*map(self._policy, names))
        return _Rules(
            rules_of(mapping.state.document),
            matrix_of(matrix.state.document, matrix.version + 1),
            ReopeningDocument(**(reopening.state.document or {})).auto_close_days,
        )

    async def _policy(self, name: str) -> Folded[Policy]:
        policies = self._books.incidents.policies
        return await self._as_it_is(policies, policies.stream(name))

    async def _incident_of(self, group: AlertGroup) -> Folded[Incident] | None:
        if group.incident is None:
            return None
        return await self._as_it_is(self._books.incidents, group.incident)

    async def _as_it_is(self, ledger: Ledger[Any, Any], stream: UUID) -> Folded[Any]:
        """Read it, and let the append fail where it has moved meanwhile."""
        return await self._work.execute(ledger, stream, unchanged)

    def _fresh(self, group: AlertGroup, rules: _Rules) -> tuple[list[Alert], Heard]:
        """The alerts that tell something new, and what is heard of them."""
        signals = [self._signal(group, alert) for alert in self._told.alerts]
        places = groups.news(group, signals, at=self._at, echo=rules.alerts.echo)
        heard = Heard(
            receiver=self._told.receiver,
            group_key=self._told.group_key,
            signals=tuple(signals[place] for place in places),
            at=self._at,
        )
        return [self._told.alerts[place] for place in places], heard

    def _signal(self, group: AlertGroup, alert: Alert) -> Signal:
        signal = _signal(alert)
        if not self._told.keyed:
            return signal
        return groups.in_order(group.alerts.get(alert.fingerprint), signal, self._at)

    async def _follow(
        self, course: Course, held: Folded[Incident] | None, fresh: Sequence[Alert], rules: _Rules
    ) -> Folded[Incident] | None:
        if course is Course.DECLARE:
            return await self._declare(held, fresh, rules)
        if course is Course.REOPEN and held is not None:
            return await self._work.execute(
                self._books.incidents,
                held.stream,
                lifecycle.reopen,
                reason="Its alerts fire again",
                at=self._at,
                window=_ANY_TIME,  # the rules for alerts have judged that already
                roles=_AS_A_SERVICE,
            )
        return held

    async def _declare(
        self, previous: Folded[Incident] | None, fresh: Sequence[Alert], rules: _Rules
    ) -> Folded[Incident]:
        firing = [alert for alert in fresh if alert.status == AlertStatus.FIRING]
        labels = self._told.labels(firing[0])
        rule = rules.alerts.rule_for(labels)
        latest = self._at + _CLOCKS_DIFFER
        stated = (a.starts_at for a in firing if a.starts_at and a.starts_at <= latest)
        started = min(stated, default=None)
        known = f"{rule.impact}{rule.urgency}" in rules.matrix.cells
        linked = {} if previous is None else {PREVIOUS: f"INC-{previous.state.number}"}
        return await self._work.execute(
            self._books.incidents,
            new_id(),
            lifecycle.declare,
            number=await self._books.incidents.next_number(),
            title=title_of(firing[0], self._told.group_key),
            description=description_of(firing[0]),
            reporter=self._actor,
            matrix=rules.matrix,
            impact=rule.impact if known else None,
            urgency=rule.urgency if known else None,
            source=self._told.source,
            started_at=started,
            detected_at=max(started or self._at, self._at),
            labels=labels_of(firing[0]) | linked,
            external_ref=f"alert-group:{self._told.stream}",
            **rule.details(labels),
        )

    async def _attach(
        self,
        held: Folded[Incident],
        group: AlertGroup,
        fresh: Sequence[Alert],
        rules: _Rules,
    ) -> Folded[Incident]:
        """The alerts to the incident's side stream; their end, if it is one, to the incident."""
        fact = AlertsAttached(
            receiver=self._told.receiver,
            group_key=self._told.group_key,
            alerts=tuple(fresh),
            more=self._told.more,
        )
        stream = facts_stream(held.stream)
        await self._work.execute(self._books.facts, stream, facts.attach, fact=fact)
        if self._told.note is not None:
            held = await self._noted(held, self._told.note)
        if group.fires:
            return held
        return await self._work.execute(
            self._books.incidents,
            held.stream,
            groups.recover,
            fired_at=group.fired_at,
            at=group.recovered_at or self._at,
            resolves=rules.alerts.resolve_when_unacknowledged,
            close_after_days=rules.close_after_days,
        )

    async def _noted(self, held: Folded[Incident], text: str) -> Folded[Incident]:
        if lifecycle.refusal(held.state, "note") is not None:
            return held
        return await self._work.execute(self._books.incidents, held.stream, triage.note, text=text)

    def _taken(self, outcome: str, held: Folded[Incident] | None, fresh: Sequence[Alert]) -> Taken:
        counted = Taken(
            outcome=outcome,
            declared=int(outcome == "declared"),
            attached=len(fresh) if held else 0,
            duplicates=len(self._told.alerts) - len(fresh),
        )
        return counted.of(held)


_OUTCOMES = {
    Course.NOTHING: "heard",
    Course.DECLARE: "declared",
    Course.REOPEN: "reopened",
    Course.ATTACH: "attached",
}


def unchanged(state: State) -> list[Any]:
    """The command that only makes sure that nothing moves."""
    return []


def _signal(alert: Alert) -> Signal:
    return Signal(
        fingerprint=alert.fingerprint,
        status=AlertStatus(alert.status),
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        revision=alert.revision,
    )
