"""What follows from news of alerts: on the group, its incident and the facts beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from services.incident import facts, lifecycle, triage
from services.incident.alerts import course
from services.incident.alerts import group as groups
from services.incident.alerts.events import AlertStatus, GroupEvent, Heard, Reconsidered, Recorded
from services.incident.alerts.group import AlertGroup
from services.incident.alerts.judgement import InMaintenance
from services.incident.alerts.notification import (
    Notification,
    description_of,
    labels_of,
    lead_of,
    title_of,
)
from services.incident.alerts.rules import AlertRulesDocument, Chosen, rules_of
from services.incident.bodies import ReopeningDocument
from services.incident.facts import PREVIOUS, Alert, AlertsAttached, Decided, Facts, facts_stream
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.matrix import Matrix, matrix_of
from services.incident.relations import cascade
from services.incident.relations.family import survivor
from services.incident.rules import Status
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.clock import new_id
from shared.domain import State
from shared.ledger import Ledger
from shared.policy import Policy
from shared.work import Work

_ANY_TIME = timedelta.max
_CLOCKS_DIFFER = timedelta(days=1)
_AS_A_SERVICE = frozenset({Role.SERVICE})


class Books(NamedTuple):
    """The ledgers that an intake writes, and what it asks the catalogue."""

    incidents: Incidents
    groups: Ledger[AlertGroup, GroupEvent]
    facts: Ledger[Facts, facts.Fact]
    in_maintenance: InMaintenance
    number: Callable[[], Awaitable[int]]
    tried: AlertRulesDocument | None = None  # rules to try in the place of those in force


class Rules(NamedTuple):
    """The policies in force."""

    alerts: AlertRulesDocument
    version: int
    matrix: Matrix
    close_after_days: int | None


class Waiting(NamedTuple):
    """Alerts that were recorded without an incident, and who told of them last."""

    alerts: Sequence[Alert]
    actor: str | None


class Effects:
    """Of one unit of work; whatever was read here may not move before its append."""

    def __init__(self, books: Books, work: Work, at: datetime) -> None:
        self._books = books
        self._work = work
        self._at = at

    async def rules(self) -> Rules:
        """The policies that decide."""
        names = ("priority-matrix", "reopening", "alert-rules")
        matrix, reopening, mapping = await asyncio.gather(*map(self._policy, names))
        return Rules(
            self._books.tried or rules_of(mapping.state.document),
            0 if self._books.tried else mapping.version + 1,
            matrix_of(matrix.state.document, matrix.version + 1),
            ReopeningDocument(**(reopening.state.document or {})).auto_close_days,
        )

    async def group(self, stream: UUID) -> Folded[AlertGroup]:
        """A group as it is."""
        return await self._as_it_is(self._books.groups, stream)

    async def incident_of(self, group: AlertGroup) -> Folded[Incident] | None:
        """The incident that a group has; of a merged one its survivor, for as long as it is."""
        return None if group.incident is None else await self._speaking_for(group.incident)

    async def waiting(self, group: Folded[AlertGroup]) -> Waiting:
        """The alerts that no incident has yet."""
        alerts: dict[str, Alert] = {}
        actor = None
        for recorded in await self._work.store.log.stream(group.stream, until=group.version):
            match recorded.event:
                case Recorded(alerts=told):
                    alerts |= {f"{a.fingerprint} {a.status} {a.starts_at}": a for a in told}
                    actor = recorded.actor
                case Heard(incident=of) | Reconsidered(incident=of) if of is not None:
                    alerts.clear()
                case _:
                    pass
        return Waiting(list(alerts.values()), actor)

    async def declare(
        self,
        told: Notification,
        reporter: str,
        chosen: Chosen,
        rules: Rules,
        previous: Folded[Incident] | None,
    ) -> Folded[Incident]:
        """A new incident for these alerts; it names the one that the group had before."""
        lead, rule, latest = lead_of(told.alerts), chosen.rule, self._at + _CLOCKS_DIFFER
        firing = (a.starts_at for a in told.alerts if a.status == AlertStatus.FIRING)
        started = min((at for at in firing if at and at <= latest), default=None)
        known = f"{rule.impact}{rule.urgency}" in rules.matrix.cells
        linked = {}
        if previous is not None and previous.state.restriction is None:
            linked = {PREVIOUS: f"INC-{previous.state.number}"}
        return await self._work.execute(
            self._books.incidents,
            new_id(),
            lifecycle.declare,
            number=await self._books.number(),
            title=title_of(lead, told.group_key),
            description=description_of(lead),
            reporter=reporter,
            matrix=rules.matrix,
            impact=rule.impact if known else None,
            urgency=rule.urgency if known else None,
            source=told.source,
            started_at=started,
            detected_at=max(started or self._at, self._at),
            labels=labels_of(lead) | linked,
            external_ref=f"alert-group:{told.stream}",
            **rules.alerts.details(rule, told.labels(lead)),
        )

    async def reopen(self, held: Folded[Incident]) -> Folded[Incident]:
        """Its alerts fire again; the rules for alerts have judged the window already."""
        return await self._work.execute(
            self._books.incidents,
            held.stream,
            lifecycle.reopen,
            reason="Its alerts fire again",
            at=self._at,
            window=_ANY_TIME,
            roles=_AS_A_SERVICE,
        )

    async def attach(
        self, told: Notification, before: AlertGroup, held: UUID, decided: Decided
    ) -> None:
        """The alerts to the facts of their incident: the group's, or the earlier one they keep."""
        of: dict[UUID, list[Alert]] = {}
        for alert in told.alerts:
            known = before.alerts.get(alert.fingerprint)
            keeps = known.incident if known is not None and known.fires else None
            of.setdefault(keeps or held, []).append(alert)
        for stream, alerts in of.items():
            fact = AlertsAttached(
                receiver=told.receiver,
                group_key=told.group_key,
                alerts=tuple(alerts),
                more=told.more,
                decided=decided,
            )
            side = facts_stream((await self._speaking_for(stream)).stream)
            await self._work.execute(self._books.facts, side, facts.attach, fact=fact)

    async def note(self, stream: UUID, text: str) -> None:
        """What the sender says beside goes to its incident, where that takes notes."""
        held = await self.current(stream)
        if lifecycle.refusal(held.state, "note") is None:
            await self._work.execute(self._books.incidents, stream, triage.note, text=text)

    async def recover(
        self, before: AlertGroup, after: AlertGroup, rules: Rules, **more: str
    ) -> None:
        """The ends of alerts to the incidents of which nothing fires any more."""
        if after.incident is not None and not after.fires:
            await self._recover(after.incident, after, rules, **more)
        earlier = {told.incident for told in before.alerts.values() if told.fires}
        for each in earlier - {None}:
            if each is not None and not after.still_fires_for(each):
                await self._recover(each, after, rules, **more)

    async def hear(self, group: Folded[AlertGroup], *events: GroupEvent) -> Folded[AlertGroup]:
        """Take these down; answers the group as it will be."""
        return await self._work.execute(
            self._books.groups, group.stream, groups.hear, events=events
        )

    async def current(self, stream: UUID) -> Folded[Incident]:
        """An incident as this work leaves it."""
        return await self._work.current(self._books.incidents, stream)

    async def _recover(self, stream: UUID, after: AlertGroup, rules: Rules, **more: str) -> None:
        before = await self.current(stream)
        recovered = await self._work.execute(
            self._books.incidents,
            stream,
            course.recover,
            fired_at=after.fired_at,
            at=after.recovered_at or self._at,
            resolves=rules.alerts.resolve_when_unacknowledged,
            close_after_days=rules.close_after_days,
            **more,
        )
        if recovered.state.status is Status.RESOLVED is not before.state.status:
            await cascade.resolved(self._work, self._books.incidents, recovered)

    async def _speaking_for(self, stream: UUID) -> Folded[Incident]:
        read = partial(self._work.rest_on, self._books.incidents)
        return await survivor(read, await read(stream))

    async def _policy(self, name: str) -> Folded[Policy]:
        policies = self._books.incidents.policies
        return await self._as_it_is(policies, policies.stream(name))

    async def _as_it_is(self, ledger: Ledger[Any, Any], stream: UUID) -> Folded[Any]:
        """Read it, and let the append fail where it has moved meanwhile."""
        return await self._work.execute(ledger, stream, unchanged)


def unchanged(state: State) -> list[Any]:
    """The command that only makes sure that nothing moves."""
    return []
