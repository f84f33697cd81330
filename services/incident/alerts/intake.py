"""Takes a monitor's news in: one append for all that follows, once however often it is told."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from services.incident.alerts.crowd import Crowd
from services.incident.alerts.decision import Books, Decision, Taken, unchanged
from services.incident.alerts.events import Heard
from services.incident.alerts.group import AlertGroup, evolve
from services.incident.alerts.notification import Notification
from services.incident.events import IncidentEvent
from services.incident.facts import FACTS
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from shared.aggregate import Aggregate, Folded
from shared.errors import KeyReused, Refused, Unavailable
from shared.ledger import Key, Ledger, Order
from shared.store.append import IdempotencyKey
from shared.work import Work

ALERT_GROUP: Aggregate[AlertGroup, Heard] = Aggregate("alert_group", AlertGroup(), evolve)

Step = Callable[[Incident], Sequence[IncidentEvent]]

_TRIES = 8


class AlertIntake:
    """The groups of alerts of this service; its workers and the monitor's peers may race."""

    def __init__(self, incidents: Incidents) -> None:
        self._store = incidents.store
        self._crowd = Crowd()
        groups = Ledger(incidents.store, ALERT_GROUP)
        self._books = Books(incidents, groups, Ledger(incidents.store, FACTS))
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def take(self, told: Notification, order: Order) -> Taken:
        """Store what is new and what follows from it. Raises KeyReused, TooMany, Unavailable."""
        with self._crowd.admitted(order.actor):
            return await self._taken(told, order)

    async def _taken(self, told: Notification, order: Order) -> Taken:
        async with self._turns.setdefault(told.stream, asyncio.Lock()):
            for _ in range(_TRIES):
                if order.key is not None and (prior := await self._answered(order.key)):
                    return prior
                if (taken := await self._attempt(told, order)) is not None:
                    return taken
        raise Unavailable("others keep telling of this group at this moment; try again")

    async def command(self, group: UUID, order: Order, *steps: Step) -> Taken:
        """Carry commands to the incident that a group stands for now.

        The outcome is `done`, `refused` where the incident's rules allow none of them, or
        `unknown` where there is no incident. Raises KeyReused, Unavailable.
        """
        for _ in range(_TRIES):
            if order.key is not None and (prior := await self._answered(order.key)):
                return prior
            if (taken := await self._commanded(group, order, steps)) is not None:
                return taken
        raise Unavailable("others keep changing this incident at this moment; try again")

    async def _commanded(self, stream: UUID, order: Order, steps: Sequence[Step]) -> Taken | None:
        work = self._work(order)
        group = await work.execute(self._books.groups, stream, unchanged)
        if group.state.incident is None:
            taken = Taken(outcome="unknown")
        else:
            taken = await self._stepped(work, group.state.incident, steps)
        done = await work.append(key=order.key and _kept(order.key, taken, group))
        if done.outcome not in ("appended", "already"):
            return None
        if taken.incident is None:
            return taken
        return _at(taken, await self._books.incidents.held(taken.incident, fresh=True))

    async def _stepped(self, work: Work, incident: UUID, steps: Sequence[Step]) -> Taken:
        held = await work.execute(self._books.incidents, incident, unchanged)
        taken = Taken(outcome="refused")
        for step in steps:
            with suppress(Refused):
                held = await work.execute(self._books.incidents, incident, step)
                taken = Taken(outcome="done")
        return taken.of(held)

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
        taken, group = await Decision(self._books, work, told, order.actor).take()
        if taken.outcome == "duplicate" and order.key is None:
            return _at(taken, group)
        done = await work.append(key=order.key and _kept(order.key, taken, group))
        if done.outcome not in ("appended", "already"):
            return None
        return _at(taken, await self._books.groups.held(told.stream, fresh=True))

    async def _answered(self, key: Key) -> Taken | None:
        """What a used key was answered with; its position is that of the group's event."""
        used = await self._store.used_key(key.scope, key.value)
        if used is None:
            return None
        if used.digest != key.digest:
            raise KeyReused("this Idempotency-Key was used before with another body; use a new one")
        taken = msgspec.json.decode(used.detail or "{}", type=Taken)
        if used.version == 0:
            return taken
        return _at(taken, await self._books.groups.past(used.stream, version=used.version))


def _kept(key: Key, taken: Taken, group: Folded[AlertGroup]) -> IdempotencyKey:
    detail = msgspec.json.encode(taken).decode()
    return IdempotencyKey(*key, group.stream, group.version, detail)


def _at(taken: Taken, stored: Folded[Any]) -> Taken:
    return msgspec.structs.replace(taken, position=stored.position)
