"""What is known here of incidents: a local copy of what their service has told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import msgspec

from services.problem.tables import INCIDENT_COPIES
from shared.errors import NotFound, Refused
from shared.store.store import Store
from shared.work import Work

_COLUMNS = ", ".join(column.name for column in INCIDENT_COPIES.columns)
_GET = f"select {_COLUMNS} from incident_copies where id = $1"
_ALL = f"select {_COLUMNS} from incident_copies where id = any($1::uuid[])"
_NUMBERED = f"select {_COLUMNS} from incident_copies where number = $1"


class IncidentCopy(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as last told; `event` is the fact that told of its service and category.

    An imported one is history: it can be linked, and makes no trend.
    """

    id: UUID
    number: str
    title: str
    symptom: str
    status: str
    service: str | None
    item: str | None
    category: str | None
    subcategory: str | None
    impact: int | None
    urgency: int | None
    occurred_at: datetime
    event: UUID
    imported: bool = False


class IncidentCopies:
    """The copies in the database and, over them, those a unit of work is about to store."""

    def __init__(self, store: Store) -> None:
        self._pool = store.pool
        self._unstored: WeakKeyDictionary[Work, dict[UUID, IncidentCopy]] = WeakKeyDictionary()

    def put(self, copy: IncidentCopy, work: Work) -> None:
        """Keep this copy, in the append of this work."""
        self._unstored.setdefault(work, {})[copy.id] = copy
        work.row(INCIDENT_COPIES, msgspec.structs.astuple(copy))

    async def get(self, incident: UUID, work: Work) -> IncidentCopy | None:
        """What is known of this incident, what this work has learned included."""
        if (unstored := self._unstored.get(work, {}).get(incident)) is not None:
            return unstored
        row = await self._pool.fetchrow(_GET, incident)
        return None if row is None else _copy(row)

    async def find(self, number: str) -> UUID:
        """The id of the incident of this number. Raises NotFound."""
        if (row := await self._pool.fetchrow(_NUMBERED, number.upper())) is None:
            raise NotFound(f"no incident {number} is known here")
        return _copy(row).id

    async def named(self, reference: str) -> IncidentCopy:
        """The copy of an incident named by id or number. Raises Refused."""
        try:
            row = await self._pool.fetchrow(_GET, UUID(reference))
        except ValueError:
            row = await self._pool.fetchrow(_NUMBERED, reference.upper())
        if row is None:
            raise self.unknown(reference)
        return _copy(row)

    def unknown(self, reference: str) -> Refused:
        """That no such incident is known, to whoever asks."""
        return Refused(
            f"no incident {reference} is known here; if it was declared a moment ago, try again"
        )

    async def all_of(self, incidents: Sequence[UUID]) -> list[IncidentCopy]:
        """What is known of these incidents, in no order."""
        return [_copy(row) for row in await self._pool.fetch(_ALL, incidents)]


def _copy(row: asyncpg.Record) -> IncidentCopy:
    fields: dict[str, Any] = dict(row)
    return IncidentCopy(**fields)
