"""Takes a monitor's news in: one append for all that follows, once however often it is told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from services.incident.alerts.crowd import Crowd
from services.incident.alerts.decision import Decision, Outcome, Taken
from services.incident.alerts.effects import Books, Effects
from services.incident.alerts.events import GroupEvent, Reconsidered
from services.incident.alerts.group import AlertGroup, evolve
from services.incident.alerts.judgement import InMaintenance, Maintenance
from services.incident.alerts.notification import Notification
from services.incident.alerts.parts import parts_of, together
from services.incident.alerts.rules import AlertRulesDocument, rules_of
from services.incident.events import IncidentEvent
from services.incident.facts import FACTS, Decided
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from shared.aggregate import Aggregate, Alarm, Folded
from shared.errors import KeyReused, Refused, Unavailable
from shared.ledger import Key, Ledger, Order
from shared.store.append import IdempotencyKey
from shared.timers import Handler
from shared.work import Work

Step = Callable[[Incident], Sequence[IncidentEvent]]

RECONSIDER = "alerts-reconsider"
LAPSE = "alerts-lapse"
_TRIES = 8
_AT_ONCE = 32
_MOST_FORESEEN = 100


def _alarms(before: AlertGroup, event: GroupEvent, after: AlertGroup) -> Iterable[Alarm]:
    at: datetime | None = getattr(event, "at", None)
    if at is None:
        return
    waits = after.held_back
    if waits is not None and waits.until is not None:
        if waits != before.held_back or isinstance(event, Reconsidered):
            yield Alarm(RECONSIDER, waits.until - at)
    elif before.held_back is not None:
        yield Alarm(RECONSIDER, None)
    if after.lapses_at != before.lapses_at:
        yield Alarm(LAPSE, None if after.lapses_at is None else after.lapses_at - at)


ALERT_GROUP: Aggregate[AlertGroup, GroupEvent] = Aggregate(
    "alert_group", AlertGroup(), evolve, alarms=_alarms
)


async def _never(at: datetime, service: str | None, item: str | None) -> Maintenance | None:
    """Where nobody plans maintenance."""
    return None


class Foreseen(NamedTuple):
    """What a notification would lead to, and the incident as it would be."""

    told: Notification
    taken: Taken
    decided: Decided | None
    incident: Incident | None


async def _no_number() -> int:
    return 0


class AlertIntake:
    """The groups of alerts of this service; its workers and the monitor's peers may race."""

    def __init__(self, incidents: Incidents, in_maintenance: InMaintenance = _never) -> None:
        self._store = incidents.store
        self._crowd = Crowd()
        self._policies = incidents.policies
        self.groups = Ledger(incidents.store, ALERT_GROUP)
        self._books = Books(
            incidents,
            self.groups,
            Ledger(incidents.store, FACTS),
            in_maintenance,
            incidents.numbers.next,
        )
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def take(self, told: Notification, order: Order) -> Taken:
        """Store what is new and what follows from it. Raises KeyReused, TooMany, Unavailable.

        Where rules group by labels, each part of the notification is an append of its own: what
        was stored before a failure is a duplicate when the monitor tells it again.
        """
        with self._crowd.admitted(order.actor):
            return await self._in_parts(told, order)

    async def _in_parts(self, told: Notification, order: Order) -> Taken:
        parts = await parts_of(told, await self.rules())
        if len(parts) == 1:
            return await self._take(parts[0], order)
        return await self._each(self._take, parts, [of_part(order, part) for part in parts])

    async def take_all(self, told: Sequence[Notification], orders: Sequence[Order]) -> Taken:
        """Take several in, a few at once; one answer for all. Raises as `take` does."""
        with self._crowd.admitted(orders[0].actor if orders else ""):
            return await self._each(self._in_parts, told, orders)

    async def rules(self) -> AlertRulesDocument:
        """The rules in force; what another process has set counts from its next decision on."""
        return rules_of((await self._policies.named("alert-rules")).state.document)

    async def _each(
        self,
        take: Callable[[Notification, Order], Awaitable[Taken]],
        told: Sequence[Notification],
        orders: Sequence[Order],
    ) -> Taken:
        free = asyncio.Semaphore(_AT_ONCE)

        async def one(each: Notification, order: Order) -> Taken:
            async with free:
                return await take(each, order)

        return together(await asyncio.gather(*map(one, told, orders)))

    async def foresee(
        self, told: Sequence[Notification], actor: str, tried: AlertRulesDocument | None
    ) -> list[Foreseen]:
        """What these would lead to now, perhaps under other rules. Nothing is stored."""
        rules = tried or await self.rules()
        books = self._books._replace(number=_no_number, tried=tried)
        parts = [part for each in told for part in await parts_of(each, rules)]
        return [await self._foreseen(books, part, actor) for part in parts[:_MOST_FORESEEN]]

    async def _foreseen(self, books: Books, told: Notification, actor: str) -> Foreseen:
        work = Work(self._store, actor)
        taken, _, decided = await Decision(books, work, actor).take(told)
        if taken.incident is None:
            return Foreseen(told, taken, decided, None)
        held = await work.current(books.incidents, taken.incident)
        return Foreseen(told, taken, decided, held.state)

    def timers(self) -> Mapping[str, Handler]:
        """What rings for groups of alerts."""
        return {
            RECONSIDER: self._ringing("system:alerts", Decision.reconsider),
            LAPSE: self._ringing("system:alerts", Decision.lapse),
        }

    def _ringing(
        self, actor: str, decide: Callable[[Decision, UUID], Awaitable[Outcome | None]]
    ) -> Handler:
        async def ring(stream: UUID) -> None:
            async with self._turn(stream):
                for _ in range(_TRIES):
                    work = Work(self._store, actor)
                    outcome = await decide(Decision(self._books, work, actor), stream)
                    if outcome is None or work.is_empty:
                        return
                    if (await work.append()).outcome in ("appended", "already"):
                        return
            raise Unavailable("others keep telling of this group at this moment")

        return ring

    def _turn(self, stream: UUID) -> asyncio.Lock:
        return self._turns.setdefault(stream, asyncio.Lock())

    async def _take(self, told: Notification, order: Order) -> Taken:
        async with self._turn(told.stream):
            for _ in range(_TRIES):
                if order.key is not None and (prior := await self._answered(order.key)):
                    return prior
                if (taken := await self._attempt(told, order)) is not None:
                    return taken
        raise Unavailable("others keep telling of this group at this moment; try again")

    async def group(self, stream: UUID) -> Folded[AlertGroup]:
        """A group as it is now; without alerts where nothing was told of it."""
        return await self.groups.held(stream, fresh=True)

    async def command(self, group: UUID, order: Order, *steps: Step) -> Taken:
        """Carry commands to the incident that a group stands for now.

        The outcome is `done`, `refused` where the incident's rules allow none of them, or
        `unknown` where there is no incident. Raises KeyReused, TooMany, Unavailable.
        """
        with self._crowd.admitted(order.actor):
            return await self._command(group, order, steps)

    async def _command(self, group: UUID, order: Order, steps: Sequence[Step]) -> Taken:
        for _ in range(_TRIES):
            if order.key is not None and (prior := await self._answered(order.key)):
                return prior
            if (taken := await self._commanded(group, order, steps)) is not None:
                return taken
        raise Unavailable("others keep changing this incident at this moment; try again")

    async def _commanded(self, stream: UUID, order: Order, steps: Sequence[Step]) -> Taken | None:
        work = self._work(order)
        effects = Effects(self._books, work, self._store.clock())
        held = await effects.incident_of((await effects.group(stream)).state)
        if held is None:
            return Taken(outcome="unknown")
        incidents, taken = self._books.incidents, Taken(outcome="refused")
        for step in steps:
            with suppress(Refused):
                held = await work.execute(incidents, held.stream, step)
                taken = Taken(outcome="done")
        taken = taken.of(held)
        done = await work.append(key=order.key and _kept(order.key, taken, held))
        if done.outcome not in ("appended", "already"):
            return None
        return _at(taken, await incidents.held(held.stream, fresh=True))

    def _work(self, order: Order) -> Work:
        return Work(
            self._store,
            order.actor,
            correlation_id=order.correlation_id,
            traceparent=order.traceparent,
        )

    async def _attempt(self, told: Notification, order: Order) -> Taken | None:
        """None where something it rests on has moved meanwhile."""
        work = self._work(order)
        taken, group, _ = await Decision(self._books, work, order.actor).take(told)
        if work.is_empty and order.key is None:
            return _at(taken, group)
        done = await work.append(key=order.key and _kept(order.key, taken, group))
        if done.outcome not in ("appended", "already"):
            return None
        return _at(taken, await self.groups.held(told.stream, fresh=True))

    async def _answered(self, key: Key) -> Taken | None:
        """What a used key was answered with, and the position of what it wrote."""
        used = await self._store.used_key(key.scope, key.value)
        if used is None:
            return None
        if used.digest != key.digest:
            raise KeyReused("this Idempotency-Key was used before with another body; use a new one")
        taken = msgspec.json.decode(used.detail or "{}", type=Taken)
        if used.version == 0:
            return taken
        events = await self._store.log.stream(used.stream, until=used.version)
        return msgspec.structs.replace(taken, position=events[-1].position)


def _kept(key: Key, taken: Taken, written: Folded[Any]) -> IdempotencyKey:
    detail = msgspec.json.encode(taken).decode()
    return IdempotencyKey(*key, written.stream, written.version, detail)


def _at(taken: Taken, stored: Folded[Any]) -> Taken:
    return msgspec.structs.replace(taken, position=stored.position)


def of_part(order: Order, part: Notification) -> Order:
    """The order for one of several: each keeps its own answer under the one key."""
    if order.key is None:
        return order
    key = order.key._replace(value=f"{order.key.value} {part.stream}")
    return msgspec.structs.replace(order, key=key)
