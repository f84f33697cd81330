"""A desk with somebody on duty: facts of the incident service page people, timers go on."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.notification import subscription
from services.notification.audiences.events import AudienceSet
from services.notification.duty import DUTY_TABLES, Duty, duty, telling
from services.notification.endpoints.endpoints import ENDPOINTS
from services.notification.escalation import acknowledging
from services.notification.escalation.escalation import Escalation
from services.notification.escalation.events import EscalationPolicySet, Step, Target
from services.notification.escalation.lists import RUNNING
from services.notification.escalation.running import Running
from services.notification.events import Channel
from services.notification.keyed import keyed
from services.notification.keyed.keyed import stream_of
from services.notification.notifications import SEND
from services.notification.policies import Planner
from services.notification.schedules import schedule
from services.notification.schedules.events import Layer, ScheduleSet
from services.notification.tables import TABLES
from services.notification.teams import team
from services.notification.teams.team import team_stream
from services.notification.teams.teams import TEAMS, Teams
from services.notification.templates.events import TemplateSet
from services.notification.verification import verifying
from shared.aggregate import Folded
from shared.clock import new_id
from shared.followed_restrictions import both
from shared.follower import Fact
from shared.ledger import Ledger, Order
from shared.outgoing import Outgoing
from shared.store.store import Store
from shared.timers import Timers
from shared.vault import Vault
from shared.work import Work
from tests.notification.desk import DECLARED, INCIDENT, LOOPBACK, Clock, Desk, parts
from tests.notification.sinks import MailSink


@dataclass
class DutyDesk:
    """One process of the service, with what it does about being on call."""

    desk: Desk
    duty: Duty

    @property
    def running(self) -> Running:
        found: Running = self.duty.parts[RUNNING]
        return found

    async def person(
        self, name: str, *, verified: bool = True, also: dict[str, str] | None = None
    ) -> UUID:
        """Somebody whose mail address was shown to reach them, and no other way."""
        id = await self.desk.contact(name, email=f"{name}@example.com", **(also or {}))
        if verified:
            at, by, said = self.desk.clock(), Order(stream=id, actor=name), Channel.EMAIL
            ledger = self.desk.contacts
            await ledger.execute(by, verifying.send, channel=said, digest="x", at=at)
            await ledger.execute(by, verifying.confirm, channel=said, digest="x", at=at)
        return id

    async def on_call(self, key: str, *people: str) -> None:
        """A schedule that has one person after another, day by day."""
        layers = (Layer(people=people, starts_on=date(2026, 1, 1)),) if people else ()
        at = self.desk.clock()
        said = ScheduleSet(key=key, name=key, time_zone="UTC", layers=layers, at=at)
        await self._say(self.duty.parts["schedules"], "schedule", schedule.add, said)

    async def team(self, key: str, *members: str) -> None:
        order = Order(stream=team_stream(key), actor="admin", creates=True)
        said: dict[str, Any] = {"key": key, "name": key, "members": members}
        await Teams(self.desk.store).execute(order, team.add, **said)

    async def policy(self, key: str, *steps: tuple[Target, ...], repeat: int = 0) -> None:
        said = EscalationPolicySet(
            key=key,
            name=key,
            steps=tuple(Step(targets=targets, wait_minutes=5) for targets in steps),
            repeat=repeat,
        )
        ledger = self.duty.parts["escalation policies"]
        await self._say(ledger, "escalation policy", keyed.add, said)

    async def subscribe(self, policy: str, *facts: str, **filters: Any) -> None:
        order = Order(stream=new_id(), actor="admin", creates=True)
        said: dict[str, Any] = {"facts": facts, "escalation_policy": policy} | filters
        await self.desk.subscriptions.execute(order, subscription.put, **said)
        self.desk.clock.move(seconds=1)

    async def audience(self, key: str, **said: Any) -> None:
        told = AudienceSet(key=key, name=key, **said)
        await self._say(self.duty.parts["audiences"], "audience", keyed.add, told)

    async def template(self, key: str, subject: str, text: str = "{{number}}") -> None:
        said = TemplateSet(key=key, name=key, subject=subject, text=text)
        await self._say(self.duty.parts["templates"], "template", keyed.add, said)

    async def _say(self, ledger: Ledger[Any, Any], noun: str, command: Any, said: Any) -> None:
        order = Order(stream=stream_of(noun, said.key), actor="admin", creates=True)
        await ledger.execute(order, command, said=said)

    async def hear(self, *facts: Fact) -> None:
        """Take these facts in one append, as the follower does."""
        reactions = both(self.desk.planner.reactions("incident"), self.duty.reactions["incident"])
        work = Work(self.desk.store, "system:follower")
        for fact in facts:
            work.caused_by(fact.id, fact.correlation_id)
            if fact.type in reactions:
                await reactions[fact.type](fact, work)
        assert (await work.append()).outcome == "appended"

    async def declared(self) -> None:
        said = DECLARED | {"reporter": "rita"}
        await self.hear(self.desk.fact("incident.declared", **said))

    def requested(self, **whom: str) -> Fact:
        said: dict[str, Any] = {"request": new_id(), "message": "Come quickly", "within_minutes": 5}
        return self.desk.fact("incident.responder_requested", **(said | whom))

    async def later(self, **by: float) -> None:
        """Let time pass, and ring what is due by then."""
        self.desk.clock.move(**by)
        while await self.desk.timers.ring():
            await self.desk.sender.idle()
        await self.desk.sender.idle()

    async def acknowledge(self, page: UUID, by: str) -> None:
        order, at = Order(stream=page, actor=by), self.desk.clock()
        await acknowledging.acknowledge(self.desk.notifications, self.running, order, by=by, at=at)

    async def escalations(self) -> list[Folded[Escalation]]:
        rows = await self.desk.store.pool.fetch(
            "select id from escalations where to_position is null order by created_at, id"
        )
        return [await self.running.escalations.current(row["id"]) for row in rows]

    async def only(self) -> Escalation:
        (found,) = await self.escalations()
        return found.state

    async def topics(self, *wanted: str) -> list[str]:
        """What was recorded, of these kinds."""
        return [e.topic for e in await self.desk.store.log.page(0) if e.topic in wanted]


@asynccontextmanager
async def open_duty_desk(dsn: str, mail: MailSink) -> AsyncIterator[DutyDesk]:
    clock, vault = Clock(), Vault(secrets.token_bytes(32))
    tables = (*TABLES, ENDPOINTS, TEAMS, *DUTY_TABLES)
    store = await Store.open(dsn, tables=tables, vault=vault, clock=clock)
    try:
        async with Outgoing(LOOPBACK) as outgoing:
            desk = parts(store, clock, outgoing, mail)
            desk.planner = Planner(
                desk.notifications, desk.subscriptions, telling(store, desk.contacts)
            )
            on_duty = duty(store, desk.notifications, desk.contacts, desk.planner)
            desk.timers = Timers(store, {SEND: desk.sender.ring, **on_duty.timers})
            yield DutyDesk(desk, on_duty)
    finally:
        await store.close()


__all__ = ["INCIDENT", "DutyDesk", "open_duty_desk"]
