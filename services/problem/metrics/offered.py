"""Incidents on which known errors were offered or used, as known at a position or by a moment then.

What was offered, used and of help is read as of then; what the incident itself is (its service, its
category, whether it was cancelled), as it was last told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.problem.known_errors.offers import OFFERS, Offers, Suggested, Used, offers_stream
from services.problem.metrics.rows import (
    AT_ONCE,
    MOST,
    MOST_FOLDED,
)
from shared.effective import Instant
from shared.errors import Invalid
from shared.listing import Condition, where_of
from shared.store.reader import Recorded
from shared.store.store import Store


class MeasuredIncident(NamedTuple):
    """An incident as it was at the moment that is asked about.

    `offered`, `used`: when a known error was for the first time; `hit`: one that was offered was
    used; `helped`: one did, by the last word on it.
    """

    id: UUID
    number: int
    status: str
    service: str | None
    category: str | None
    imported: bool
    logged: datetime
    offered: datetime | None
    used: datetime | None
    hit: bool
    helped: bool


_USES = """select v.incident, min(v.from_position) filter (where v.offered) as offered,
        min(v.from_position) filter (where v.used) as used, bool_or(v.offered and v.used) as hit,
        coalesce(bool_or(v.helped) filter (where v.to_position is null
            or v.to_position > $1), false) as helped
    from known_error_uses v where v.from_position <= $1 group by v.incident"""
_ABOUT = """t.id, coalesce(substring(t.number from '[0-9]{1,18}$')::bigint, 0), t.status,
    t.service, t.category, t.imported, t.occurred_at"""
_ROWS = f"""select {_ABOUT}, o.recorded_at, w.recorded_at, u.hit, u.helped
    from ({_USES}) u join incident_copies t on t.id = u.incident
    left join events o on o.position = u.offered left join events w on w.position = u.used
    where true"""


_PLACED = {"offered": "o.recorded_at", "used": "w.recorded_at"}


def in_period(by: str, begins: datetime | None, until: datetime | None) -> list[Condition]:
    """Conditions: from a moment until before another, by this milestone, or else its logging."""
    at = f"coalesce({_PLACED[by]}, t.occurred_at)"
    bounds = ((f"{at} >= {{}}::timestamptz", begins), (f"{at} < {{}}::timestamptz", until))
    return [(sql, moment) for sql, moment in bounds if moment is not None]


async def measured_incidents(
    store: Store, instant: Instant, visible: Sequence[Condition]
) -> list[MeasuredIncident]:
    """Those at this instant, by number. Raises Invalid where there are too many."""
    arguments: list[Any] = [instant.position]
    most = MOST if instant.effective_at is None else MOST_FOLDED
    where = where_of(visible, arguments)
    rows = await store.pool.fetch(f"{_ROWS}{where} order by 2 limit {most + 1}", *arguments)
    if len(rows) > most:
        detail = f"more than {most:,} incidents: ask for a shorter period, up to now or as_of"
        raise Invalid(("query:from", detail))
    known = [MeasuredIncident(*row) for row in rows]
    return known if instant.effective_at is None else await _folded(store, instant, known)


async def _folded(
    store: Store, instant: Instant, known: Sequence[MeasuredIncident]
) -> list[MeasuredIncident]:
    found: list[MeasuredIncident] = []
    for start in range(0, len(known), AT_ONCE):
        some = known[start : start + AT_ONCE]
        told = await store.log.streams([offers_stream(each.id) for each in some])
        for each, events in zip(some, told, strict=True):
            if happened := instant.of(events):
                found.append(_as_of(each, happened))
    return found


def _as_of(incident: MeasuredIncident, events: Sequence[Recorded]) -> MeasuredIncident:
    state = Offers()
    for each in events:
        state = OFFERS.replay(state, each.event)
    return incident._replace(
        offered=_first(events, Suggested),
        used=_first(events, Used),
        hit=not state.offered.isdisjoint(state.used),
        helped=any(state.used.values()),
    )


def _first(events: Sequence[Recorded], kind: type[Suggested | Used]) -> datetime | None:
    """When one of this kind was first; an empty list offers nothing."""
    return next(
        (
            each.event.effective(each.recorded_at)
            for each in events
            if isinstance(each.event, kind) and getattr(each.event, "offers", True)
        ),
        None,
    )
