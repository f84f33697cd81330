"""The catalogue of this service: its ledgers, and what is known of it at this or another moment."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.incident.catalogue import entry, window
from services.incident.catalogue.entry import Entry
from services.incident.catalogue.events import ItemEvent, MaintenanceEvent, ServiceEvent
from services.incident.catalogue.known import Kind, Present
from services.incident.catalogue.tables import item_rows, service_rows, window_rows
from services.incident.catalogue.window import Window
from shared.aggregate import Aggregate
from shared.ledger import Ledger
from shared.store.store import Store

SERVICE = Aggregate("service", Entry(), entry.evolve_service, rows=service_rows)
ITEM = Aggregate("item", Entry(), entry.evolve_item, rows=item_rows)
WINDOW = Aggregate("maintenance window", Window(), window.evolve, rows=window_rows)

CATALOGUE = "catalogue"
"""Among a service's parts, its `Catalogue`."""

_FRESH_SECONDS = 1.0
_OF_ENTRIES = (
    "from_position, kind, key, name, criticality, owning_team, assignment_group, "
    "depends_on_services, depends_on_items, retired"
)
_OF_WINDOWS = (
    "from_position, id, version, reason, starts_at, ends_at, services, items, time_zone, repeats, "
    "retired_at"
)
_NEW_ENTRIES = f"""select {_OF_ENTRIES} from catalogue_entries
    where from_position > $1 and to_position is null order by from_position"""
_NEW_WINDOWS = f"""select {_OF_WINDOWS} from maintenance_windows
    where from_position > $1 and to_position is null order by from_position"""
_NEW_NAMED = """select position, subject, kind, key from directory_copies
    where position > $1 order by position"""
_THEN_ENTRIES = f"""select {_OF_ENTRIES} from catalogue_entries
    where (kind, key) in (('service', $2), ('item', $3))
      and from_position <= $1 and (to_position is null or to_position > $1)"""
_THEN_WINDOWS = f"""select {_OF_WINDOWS} from maintenance_windows
    where from_position <= $1 and (to_position is null or to_position > $1)"""
_THEN_NAMED = """select distinct on (subject) subject, kind, key from directory_copies
    where told_at <= coalesce((select recorded_at from events where position = $1), '-infinity')
      and subject in (select subject from directory_copies where key = any($2::text[]))
    order by subject, position desc"""


class Catalogue:
    """Services, items and maintenance windows."""

    def __init__(self, store: Store) -> None:
        self.services: Ledger[Entry, ServiceEvent] = Ledger(store, SERVICE)
        self.items: Ledger[Entry, ItemEvent] = Ledger(store, ITEM)
        self.windows: Ledger[Window, MaintenanceEvent] = Ledger(store, WINDOW)
        self._store = store
        self._present = Present()
        self._seen = {"entries": 0, "windows": 0, "named": 0}
        self._fresh_until = 0.0
        self._refresh = asyncio.Lock()

    async def present(self, *, fresh: bool = False) -> Present:
        """What is known now; of changes by other processes at most a second old unless fresh."""
        if fresh or time.monotonic() > self._fresh_until:
            await self._refreshed(fresh=fresh)
        return self._present

    async def past(
        self, position: int, *, service: str | None, item: str | None, named: Sequence[str] = ()
    ) -> Present:
        """What was known at a position of this service and this item, teams and people."""
        fetch, then = self._store.pool.fetch, Present()
        then.take_entries(await fetch(_THEN_ENTRIES, position, service, item))
        then.take_named(await fetch(_THEN_NAMED, position, list(named)))
        return then

    async def windows_at(self, position: int) -> Present:
        """The maintenance windows that were known at a position."""
        then = Present()
        then.take_windows(await self._store.pool.fetch(_THEN_WINDOWS, position))
        return then

    def changed(self) -> None:
        """This process has changed the catalogue: look again."""
        self._fresh_until = 0.0

    async def _refreshed(self, *, fresh: bool) -> None:
        async with self._refresh:
            if not fresh and time.monotonic() <= self._fresh_until:
                return
            asked = time.monotonic()
            self._present.take_entries(await self._new("entries", _NEW_ENTRIES))
            self._present.take_windows(await self._new("windows", _NEW_WINDOWS))
            self._present.take_named(await self._new("named", _NEW_NAMED))
            self._fresh_until = asked + _FRESH_SECONDS

    async def _new(self, part: str, query: str) -> list[Any]:
        rows: list[Any] = await self._store.pool.fetch(query, self._seen[part])
        if rows:
            self._seen[part] = rows[-1][0]
        return rows


def stream_of(kind: Kind, key: str) -> UUID:
    """The stream of the service or the item of this key."""
    return entry.service_stream(key) if kind == "service" else entry.item_stream(key)


def find(kind: Kind, reference: str) -> UUID:
    """The stream of a service or an item, named by id or by key."""
    try:
        return UUID(reference)
    except ValueError:
        return stream_of(kind, reference)
