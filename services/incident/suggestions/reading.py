"""The suggestions of an incident as its reader sees them: those that still hold, and they may know.

Where nothing was ever suggested, no read of an incident costs a query for it.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.facts import facts_stream
from services.incident.rules import READERS
from services.incident.suggestions.facts import Because
from shared.auth.caller import Caller
from shared.listing import moments
from shared.restrictions import any_restricted, restricted_among
from shared.store.store import Store

SUGGESTED = "suggestions"
"""Among a service's parts, its `Suggestions`."""

_FRESH_SECONDS = 1.0
_ANY = "select exists (select 1 from incident_suggestions)"
_OF = """select h.hit, c.number, c.title from incident_suggestions t
    cross join lateral jsonb_array_elements(t.hits) with ordinality h (hit, place)
    join known_error_copies c on c.id = (h.hit ->> 'known_error')::uuid
    where t.id = $1 and ({moment})
      and not exists (select 1 from known_error_ends e where e.id = c.id and e.at <= $2)
    order by h.place"""


class Suggestion(msgspec.Struct, frozen=True):
    """A published known error that is likely behind it, and why."""

    known_error: UUID
    number: str
    title: str
    score: float
    reasons: list[Because]


class Suggestions:
    """What was suggested, for who reads an incident."""

    def __init__(self, store: Store) -> None:
        self._pool = store.pool
        self._any = (0.0, False)

    async def shown(
        self,
        incident: UUID,
        caller: Caller,
        *,
        position: int | None,
        until: datetime,
        fresh: bool = False,
    ) -> bytes:
        """As JSON, of a moment: its position, and the time that it was."""
        if not caller.has(*READERS) or not await self._has_any(fresh=fresh):
            return b"[]"
        moment = " or ".join(f"({each})" for each in moments(position))
        sql, stream = _OF.format(moment=moment), facts_stream(incident)
        rows = await self._pool.fetch(sql, stream, until)
        told = [_suggestion(row["hit"], row["number"], row["title"]) for row in rows]
        return msgspec.json.encode(await self._not_hidden(told, caller))

    async def _not_hidden(self, told: Sequence[Suggestion], caller: Caller) -> list[Suggestion]:
        if not told or not await any_restricted(self._pool):
            return list(told)
        ids = [each.known_error for each in told]
        hidden = (await restricted_among(self._pool, caller, ids)).hidden
        return [each for each in told if each.known_error not in hidden]

    async def _has_any(self, *, fresh: bool) -> bool:
        until, known = self._any
        if not known and (fresh or time.monotonic() > until):
            known = await self._pool.fetchval(_ANY)
            self._any = (time.monotonic() + _FRESH_SECONDS, known)
        return known


def _suggestion(hit: dict[str, object], number: str, title: str) -> Suggestion:
    told = hit | {"number": number, "title": title, "reasons": hit.get("reasons", [])}
    return msgspec.convert(told, Suggestion, strict=False)
