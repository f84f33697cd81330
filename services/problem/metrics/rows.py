"""Problems as they were known at a position, or as they had happened by a moment then.

At a position the version rows say it. What had happened by a moment is folded from the events
themselves, as single reads do it, and handed to the same formulas.
"""

from collections.abc import Sequence
from typing import Any

from services.problem.facts import FixIneffective, facts_stream
from services.problem.metrics.formulas import Measured
from services.problem.problem import Problem
from services.problem.problems import PROBLEM
from services.problem.rules import Status
from shared.effective import Instant
from shared.errors import Invalid
from shared.listing import Condition, moments, where_of
from shared.store.reader import Recorded
from shared.store.store import Store

MOST = 100_000
MOST_FOLDED = 10_000
AT_ONCE = 200
_FIXED = """case when t.resolved_at is not null or t.reanalysis_count + t.fix_rejection_count = 0
    then t.resolved_at else (select v.resolved_at from problems v
        where v.id = t.id and v.resolved_at is not null and v.from_position < t.from_position
        order by v.from_position desc limit 1) end"""
_KNOWN = """exists (select 1 from known_errors k where k.problem = t.id
    and k.from_position <= {position} and k.published_at is not null)"""
_RECURRED = """exists (select 1 from problem_recurrences r where r.problem = t.id
    and r.from_position <= {position} and r.incidents <> '[]')"""
_ROWS = f"""t.id, t.number, t.status, t.priority, t.service, t.assignment_group, t.category,
    t.imported, coalesce(t.logged_at, t.created_at), t.root_cause_at, t.resolved_at, {_FIXED},
    t.closed_at, t.reanalysis_count, t.fix_rejection_count, {_KNOWN}, {_RECURRED}"""
_PUBLISHED = """select distinct k.problem from known_errors k where k.problem = any($1::uuid[])
    and k.from_position <= $2 and k.published_at <= $3"""


async def measured(store: Store, instant: Instant, visible: Sequence[Condition]) -> list[Measured]:
    """The problems at this instant, by number. Raises Invalid where there are too many."""
    if instant.effective_at is not None:
        return await _folded(store, instant, visible)
    arguments: list[Any] = []
    where, columns = where_of(visible, arguments), _ROWS.format(position=instant.position)
    each = [
        f"select {columns} from problems t where {moment}{where}"
        for moment in moments(instant.position)
    ]
    query = f"{' union all '.join(each)} order by 2 limit {MOST + 1}"
    rows = await store.pool.fetch(query, *arguments)
    if len(rows) > MOST:
        raise Invalid(("query:service", f"more than {MOST:,} problems: narrow it by service"))
    return [Measured(row[0], row[1], Status(row[2]), *row[3:]) for row in rows]


async def _folded(store: Store, instant: Instant, visible: Sequence[Condition]) -> list[Measured]:
    arguments: list[Any] = []
    where = where_of(visible, arguments)
    query = f"""select t.id from problems t where t.to_position is null{where}
        order by t.number limit {MOST_FOLDED + 1}"""
    ids = [row[0] for row in await store.pool.fetch(query, *arguments)]
    if len(ids) > MOST_FOLDED:
        detail = f"folds each problem, {MOST_FOLDED:,} at most: ask with as_of alone"
        raise Invalid(("query:effective_at", detail))
    asked = (ids, instant.position, instant.effective_at)
    published = {row[0] for row in await store.pool.fetch(_PUBLISHED, *asked)}
    found: list[Measured] = []
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        own = await store.log.streams(some)
        facts = await store.log.streams([facts_stream(id) for id in some])
        for id, events, beside in zip(some, own, facts, strict=True):
            came_back = _recurred(instant.of(beside))
            found += _row(instant.of(events), known=id in published, recurred=came_back)
    return found


def _recurred(facts: Sequence[Recorded]) -> bool:
    return any(isinstance(each.event, FixIneffective) for each in facts)


def _row(events: Sequence[Recorded], *, known: bool, recurred: bool) -> list[Measured]:
    """None where nothing had happened yet."""
    state, fixed = Problem(), None
    for recorded in events:
        state = PROBLEM.replay(state, recorded.event)
        fixed = state.resolved_at or fixed
    if not events or state.status is None:
        return []
    first = min(events, key=lambda e: e.originator_version)
    return [
        Measured(
            id=first.originator_id,
            number=state.number,
            status=state.status,
            priority=state.priority,
            service=state.service,
            group=state.group,
            category=state.category,
            imported=state.imported,
            logged=state.logged_at or first.recorded_at,
            root_cause=state.root_cause_at,
            resolved=state.resolved_at,
            fixed=fixed,
            closed=state.closed_at,
            reanalysis_count=state.reanalysis_count,
            fix_rejection_count=state.fix_rejection_count,
            known=known,
            recurred=recurred,
        )
    ]
