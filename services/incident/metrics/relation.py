"""One row an incident, as it was known at a position, or as it had happened by a moment then.

At a position the list's version rows say it. What had happened by a moment is folded from the
events themselves, as single reads do it, and handed to the same formulas.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from services.incident.incident import Incident
from services.incident.incidents import INCIDENT
from services.incident.major.state import punctuality
from shared.effective import Instant
from shared.errors import Invalid
from shared.listing import Condition, moments, where_of
from shared.store.reader import Recorded
from shared.store.store import Store

MOST_FOLDED = 10_000
_AT_ONCE = 200
_COLUMNS = {
    "id": "uuid",
    "number": "bigint",
    "status": "text",
    "priority": "smallint",
    "service": "text",
    "group": "text",
    "category": "text",
    "imported": "boolean",
    "declared": "timestamptz",
    "started": "timestamptz",
    "detected": "timestamptz",
    "acknowledged": "timestamptz",
    "mitigated": "timestamptz",
    "resolved": "timestamptz",
    "closed": "timestamptz",
    "last_resolved": "timestamptz",
    "reopen_count": "int",
    "reassignment_count": "int",
    "updates": "jsonb",
}
_LAST_RESOLVED = """case when t.resolved_at is not null or t.reopen_count = 0 then t.resolved_at
    else (select v.resolved_at from incidents v where v.id = t.id and v.resolved_at is not null
          and v.from_position < t.from_position order by v.from_position desc limit 1) end"""
_OF_ROWS = f"""t.id, t.number, t.status, t.priority, t.service, t.assignment_group as "group",
    t.category, t.imported, coalesce(t.declared_at, t.created_at) as declared,
    t.started_at as started, t.detected_at as detected, t.acknowledged_at as acknowledged,
    t.mitigated_at as mitigated, t.resolved_at as resolved, t.closed_at as closed,
    {_LAST_RESOLVED} as last_resolved, t.reopen_count, t.reassignment_count,
    t.updates"""
_STATE = {
    "number": "number",
    "status": "status",
    "priority": "priority",
    "service": "service",
    "group": "group",
    "category": "category",
    "imported": "imported",
    "started": "started_at",
    "detected": "detected_at",
    "acknowledged": "acknowledged_at",
    "mitigated": "mitigated_at",
    "resolved": "resolved_at",
    "closed": "closed_at",
    "reopen_count": "reopen_count",
    "reassignment_count": "reassignment_count",
}
_WITH_CLOCKS = """select r.*, r.number * 10000 + case c.kind when 'response' then 0 else 5000 end
        + c.round as place, c.kind as clock, c.target, c.priority as target_priority,
        coalesce(c.corrected, c.verdict) as verdict,
        coalesce(c.corrected_at, c.verdict_at) as judged
    from ({relation}) r join incident_clocks c on c.id = r.id and c.from_position <= {position}
        and (c.to_position is null or c.to_position > {position})"""


OF_INCIDENTS = """select r.*, r.number as place, coalesce(r.mitigated, r.resolved) as restored
    from ({relation}) r"""
OF_UPDATES = """select r.*, r.number * 10000 + u.n as place, u.in_time, u.owed,
        coalesce(r.mitigated, r.resolved) as restored
    from ({relation}) r cross join lateral (
        select n, n <= (r.updates ->> 'met')::int as in_time, null::timestamptz as owed
        from generate_series(1, (r.updates ->> 'due')::int) n
        union all
        select 9000 + o.n, false, o.due::timestamptz
        from jsonb_array_elements_text(r.updates -> 'owed') with ordinality as o (due, n)) u"""
"""What a row is of: an incident, or an update that some audience was or is owed."""


class Relation(NamedTuple):
    """SQL of the rows, and the values of its holes."""

    sql: str
    arguments: list[Any]


def clocks(instant: Instant, visible: Sequence[Condition]) -> Relation:
    """One row a clock of what is visible, as its keeper had written them at a position."""
    sql, arguments = _rows(instant.position, visible)
    return Relation(_WITH_CLOCKS.format(relation=sql, position=instant.position), arguments)


async def relation(
    store: Store,
    instant: Instant,
    visible: Sequence[Condition],
    narrowed: Sequence[Condition],
    form: str = OF_INCIDENTS,
) -> Relation:
    """The rows at this instant, of what is `visible`, in one of the two forms.

    `narrowed` are conditions on `t` that hold for some version of each incident that is asked for:
    they only spare work. Raises Invalid where too many would have to be folded.
    """
    if instant.effective_at is None:
        return _formed(_rows(instant.position, visible), form)
    folded = await _folded(store, instant, visible, narrowed)
    columns = [list(column) for column in zip(*folded, strict=True)] or [[] for _ in _COLUMNS]
    holes = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_COLUMNS.values(), 1))
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    rows = Relation(f"select * from unnest({holes}) as x ({names})", columns)
    return _formed(rows, form)


def _rows(position: int, visible: Sequence[Condition]) -> Relation:
    arguments: list[Any] = []
    where = where_of(visible, arguments)
    parts = [f"select {_OF_ROWS} from incidents t where {m}{where}" for m in moments(position)]
    return Relation(" union all ".join(parts), arguments)


def _formed(rows: Relation, form: str) -> Relation:
    return rows._replace(sql=form.format(relation=rows.sql))


async def _folded(
    store: Store, instant: Instant, visible: Sequence[Condition], narrowed: Sequence[Condition]
) -> list[tuple[Any, ...]]:
    arguments: list[Any] = []
    some_version = where_of(narrowed, arguments).replace(" t.", " v.")
    shown = where_of(visible, arguments)
    query = f"""select t.id from incidents t where t.to_position is null{shown}
        and exists (select from incidents v where v.id = t.id{some_version})
        limit {MOST_FOLDED + 1}"""
    ids = [row[0] for row in await store.pool.fetch(query, *arguments)]
    if len(ids) > MOST_FOLDED:
        detail = f"folds each incident, {MOST_FOLDED:,} at most: narrow it by service or group"
        raise Invalid(("query:effective_at", detail))
    rows = []
    for start in range(0, len(ids), _AT_ONCE):
        for events in await store.log.streams(ids[start : start + _AT_ONCE]):
            rows += _row(instant.of(events))
    return rows


def _row(events: Sequence[Recorded]) -> list[tuple[Any, ...]]:
    """None where nothing had happened yet."""
    state, last_resolved = Incident(), None
    for recorded in events:
        state = INCIDENT.replay(state, recorded.event)
        last_resolved = state.resolved_at or last_resolved
    if not events or state.status is None:
        return []
    told = {name: getattr(state, field) for name, field in _STATE.items()}
    first = min(events, key=lambda e: e.originator_version)
    told |= {"id": first.originator_id, "last_resolved": last_resolved}
    told |= {"updates": punctuality(state.major)}
    told |= {"declared": state.declared_at or first.recorded_at}
    return [tuple(told[name] for name in _COLUMNS)]
