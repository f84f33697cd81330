"""The endpoints of this service: their ledger, their timers, and which of them are shut off."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid

from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import Endpoint
from services.notification.endpoints.events import EndpointEvent, ProbeFailed, ShutOff
from shared.aggregate import Aggregate, Alarm, Folded, Row
from shared.ledger import Ledger
from shared.store.store import Store
from shared.store.tables import version_columns

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
)


def endpoint_rows(folded: Folded[Endpoint], event: EndpointEvent) -> Iterable[Row]:
    """The list row after an event."""
    state = folded.state
    yield Row(ENDPOINTS, (
        folded.stream, folded.version, folded.created_at, state.contact, state.channel,
        state.shut_off_at, state.reason, state.probes, state.probe_at,
    ))  # fmt: skip


def _alarms(before: Endpoint, event: EndpointEvent, after: Endpoint) -> Iterable[Alarm]:
    if isinstance(event, ShutOff | ProbeFailed):
        yield Alarm(PROBE, timedelta(seconds=event.probe_in))
    else:
        yield Alarm(PROBE, None)
        yield Alarm(RELEASE, timedelta(0))


ENDPOINT = Aggregate("endpoint", Endpoint(), endpoint.evolve, rows=endpoint_rows, alarms=_alarms)


class Endpoints(Ledger[Endpoint, EndpointEvent]):
    """The ledger of endpoints; one that has never been shut off has no events."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, ENDPOINT)
