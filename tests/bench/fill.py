"""Fills a log quickly with incidents that look like a year's: through the ledger, in process."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from services.incident.app import DEFINITION
from services.incident.events import (
    Acknowledged,
    Closed,
    Declared,
    IncidentEvent,
    Noted,
    ResolutionCode,
    Resolved,
)
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from shared.clock import new_id, now
from shared.ledger import Order
from shared.store.store import Store
from shared.vault import Vault

_AT_ONCE = 128
_MOST_EVENTS = 500
_SERVICES = "checkout search login billing catalogue shipping mail reports alerts backup".split()
NOTE = "Rolled back release 41 in region north; error rate falls, watching it for ten minutes"


class Filler:
    """Writes incidents into one database."""

    def __init__(self, store: Store) -> None:
        self._incidents = Incidents(store)

    async def incidents(self, count: int, *, events: int) -> list[UUID]:
        """So many open incidents with so many events each."""
        return await self._all(_long(n, events) for n in range(count))

    async def year(self, count: int) -> list[UUID]:
        """So many incidents, most of them closed, over services, priorities and groups."""
        return await self._all([_lived(n)] for n in range(count))

    async def _all(self, histories: Iterator[list[Sequence[IncidentEvent]]]) -> list[UUID]:
        ids: list[UUID] = []

        async def worker() -> None:
            for history in histories:
                ids.append(stream := new_id())
                await self._write(stream, history)

        await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
        return ids

    async def _write(self, stream: UUID, history: list[Sequence[IncidentEvent]]) -> None:
        for n, events in enumerate(history):
            order = Order(stream=stream, actor="ann", creates=n == 0)
            await self._incidents.execute(order, _happen, events=events)


def _happen(incident: Incident, *, events: Sequence[IncidentEvent]) -> Sequence[IncidentEvent]:
    return events


def _long(number: int, events: int) -> list[Sequence[IncidentEvent]]:
    """In parts, as one command holds a bounded number of events."""
    happened: list[IncidentEvent] = [_declared(number), *[Noted(text=NOTE)] * (events - 1)]
    return [happened[n : n + _MOST_EVENTS] for n in range(0, events, _MOST_EVENTS)]


def _lived(number: int) -> Sequence[IncidentEvent]:
    stage = number // len(_SERVICES) % 10
    at = now()
    life: list[IncidentEvent] = [
        _declared(number),
        Acknowledged(at=at),
        Resolved(code=ResolutionCode.FIXED, summary="Rolled back", at=at),
        Closed(at=at),
    ]
    return life[: min(stage + 1, len(life))]


def _declared(number: int) -> Declared:
    service = number % len(_SERVICES)
    details: dict[str, Any] = {
        "service": _SERVICES[service],
        "group": f"{_SERVICES[service]}-team",
        "assigned_to": f"person-{number % 17}",
        "impact": number % 3 + 1,
        "urgency": number // 3 % 3 + 1,
        "priority": number % 5 + 1,
        "source": "monitoring",
        "tags": ("region=north", f"team={service}"),
        "labels": {"cluster": "prod-7", "runbook": "rb-17"},
    }
    return Declared(
        number=number + 10**9,  # far from the numbers that the service draws
        title=f"{_SERVICES[service]} latency above its objective",
        reporter=f"reporter-{number % 23}",
        description="p99 above 2 s for 10 minutes in one region, first seen by probe 7",
        **details,
    )


async def open_store(database: str, master: bytes) -> Store:
    """The incident service's store, in this process."""
    return await Store.open(database, tables=DEFINITION.tables, vault=Vault(master))
