"""The endpoints of this service: their ledger, their timers, and which of them are shut off."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import assert_never
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid

from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import Endpoint
from services.notification.endpoints.events import (
    EndpointEvent,
    ProbeAsked,
    ProbeFailed,
    Restored,
    ShutOff,
)
from shared.aggregate import Aggregate, Alarm, Folded, Row
from shared.ledger import Ledger
from shared.store.store import Store
from shared.store.tables import version_columns
from shared.work import Work

PARTS = "endpoints"
"""Among a service's parts, its `Endpoints`."""

PROBE = "probe"
RELEASE = "release"

ENDPOINTS = Table(
    "endpoints",
    MetaData(),
    *version_columns(),
    Column("contact", Uuid),
    Column("channel", Text, nullable=False),
    Column("shut_off_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("probes", Integer, nullable=False),
    Column("probe_at", DateTime(timezone=True)),
    Column("webhook", Uuid),
)


def endpoint_rows(folded: Folded[Endpoint], event: EndpointEvent) -> Iterable[Row]:
    """The list row after an event."""
    state = folded.state
    yield Row(ENDPOINTS, (
        folded.stream, folded.version, folded.created_at, state.contact, state.channel,
        state.shut_off_at, state.reason, state.probes, state.probe_at, state.webhook,
    ))  # fmt: skip


def _alarms(before: Endpoint, event: EndpointEvent, after: Endpoint) -> Iterable[Alarm]:
    if after.webhook is not None:
        return  # its courier looks after it
    match event:
        case ShutOff() | ProbeFailed():
            yield Alarm(PROBE, timedelta(seconds=event.probe_in))
        case ProbeAsked():
            yield Alarm(PROBE, timedelta(0))
        case Restored():
            yield Alarm(PROBE, None)
            yield Alarm(RELEASE, timedelta(0))
        case _:
            assert_never(event)


ENDPOINT = Aggregate("endpoint", Endpoint(), endpoint.evolve, rows=endpoint_rows, alarms=_alarms)


Decision = Callable[[Endpoint], Sequence[EndpointEvent]]


class Endpoints(Ledger[Endpoint, EndpointEvent]):
    """The ledger of endpoints; one that has never been shut off has no events."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, ENDPOINT)

    async def record(self, id: UUID, actor: str, command: Decision) -> None:
        """What follows for this one; who comes second has nothing to add."""
        work = Work(self.store, actor)
        await work.execute(self, id, command)
        if not work.is_empty:
            await work.append()
