"""Keeps the rows and the timers of clocks: follows the service's own log, one page at a time.

Beside the log, not in the append: what a clock says depends on when its event was recorded, and
on a policy that no command has to read. A page's rows, its timers and the cursor are one
transaction, so a crash loses nothing, and a rebuild makes the same rows again.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from services.incident.clocks.book import POLICY, Book
from services.incident.clocks.calendar import moment_at
from services.incident.clocks.fold import Fold, RulesAt
from services.incident.clocks.rows import COLUMNS, TIMER, ClockKey, key_of, next_ring, row_of
from services.incident.clocks.steps import TOPICS, steps_of
from services.incident.facts import SlaBreached, SlaWarned, facts_stream
from shared.leader import leading
from shared.policy import policy_stream
from shared.store.reader import COLUMNS as ENVELOPE
from shared.store.reader import Recorded
from shared.store.store import Store

TABLE = "incident_clocks"

_NAME = "clocks"
_PAGE = 200
_REST = 0.05  # so that a busy log is read in pages
_REST_WHEN_IDLE = 2  # times as long as a page has taken
_REST_WHEN_BUSY = 39  # commands come first
_BUSY = 0.5  # of a second's processor time in a second
_LONG_WAIT = 20.0
_PAUSE = 1.0
_log = structlog.get_logger("tocsin.clocks")

_COLUMNS = ("id", "kind", "round", "from_position", "to_position", "updated_at", *COLUMNS)
_CURSOR = "select position from cursors where name = $1 for update"
_BEGIN = """insert into cursors (name, position, updated_at) values ($1, 0, now())
    on conflict do nothing"""
_MOVE = "update cursors set position = $2, updated_at = now() where name = $1"
_HEAD = "select position from log"
_EVENTS = f"""select {ENVELOPE} from events where position > $1 and position <= $2
    and topic = any($3::text[]) order by position limit $4"""
_EARLIER = f"""select {ENVELOPE} from events where originator_id = any($1::uuid[])
    and position <= $2 and topic = any($3::text[]) order by position"""
_CLOSE = f"""update {TABLE} c set to_position = x.position
    from unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[])
        as x (id, kind, round, position)
    where c.id = x.id and c.kind = x.kind and c.round = x.round and c.to_position is null"""
_ARM = """insert into timers (stream, name, due_at)
    select x.stream, $3, x.due_at from unnest($1::uuid[], $2::timestamptz[]) as x (stream, due_at)
    on conflict (stream, name) do update set due_at = excluded.due_at, tries = 0"""
_CANCEL = "delete from timers where stream = any($1::uuid[]) and name = $2"


class Change(NamedTuple):
    """A row from one event to another, or to the present."""

    incident: UUID
    clock: ClockKey
    start: int
    end: int | None
    updated_at: datetime
    row: tuple[Any, ...]
    closes: bool


class Kept(NamedTuple):
    """What an incident's new events make of its clocks."""

    changes: list[Change]
    rings_at: int | None


class Keeper:
    """One of the service's instances keeps the rows, the others stand by."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._book = Book(policy_stream("incident", POLICY))
        self._position = 0
        self._load = _Load()

    async def run(self) -> None:
        """Keep them until cancelled."""
        while True:
            async with leading(self._store, "clocks"):
                while True:
                    await self._turn()

    async def step(self) -> int:
        """Take in one page of the log; answers how many events it held."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            await connection.execute(_BEGIN, _NAME)
            start = await connection.fetchval(_CURSOR, _NAME)
            head = await connection.fetchval(_HEAD)
            taken = await take_page(connection, self._book, start, head)
            await _set_timers(connection, taken)
            if taken.end > start:
                await connection.execute(_MOVE, _NAME, taken.end)
        self._position = taken.end
        return taken.events

    async def _turn(self) -> None:
        began = time.monotonic()
        try:
            if not await self.step():
                await self._store.pulse.beyond(self._position, _LONG_WAIT)
                began = time.monotonic()
            times = _REST_WHEN_BUSY if self._load.now() > _BUSY else _REST_WHEN_IDLE
            await asyncio.sleep(max(_REST, times * (time.monotonic() - began)))
        except Exception as trouble:
            _log.warning("clocks_wait", reason=repr(trouble))
            await asyncio.sleep(_PAUSE)


class _Load:
    """How much of the processor this thread, and so its event loop, has used lately."""

    def __init__(self) -> None:
        self._last = (time.monotonic(), time.thread_time())

    def now(self) -> float:
        """The part of the time since this was last asked: 0 to 1."""
        (before, used), self._last = self._last, (time.monotonic(), time.thread_time())
        return (self._last[1] - used) / max(self._last[0] - before, 1e-9)


class KeptRows:
    """What a rebuild does with the rows: the same again, as far as they had come."""

    tables = (TABLE,)

    async def lock(self, connection: asyncpg.Connection) -> None:
        """Let no instance keep them meanwhile."""
        await connection.execute(_BEGIN, _NAME)
        await connection.execute(_CURSOR, _NAME)

    async def replay(self, connection: asyncpg.Connection) -> int:
        """Write them into the emptied table; answers how many there are."""
        book, start, rows = Book(policy_stream("incident", POLICY)), 0, 0
        end = await connection.fetchval(_CURSOR, _NAME)
        while start < end:
            taken = await take_page(connection, book, start, end)
            start, rows = taken.end, rows + taken.rows
        return rows


class Taken(NamedTuple):
    """How far a page went, how much was in it, and the timers it leads to."""

    end: int
    events: int
    rows: int
    armed: Mapping[UUID, int]
    cancelled: Sequence[UUID]


async def take_page(connection: asyncpg.Connection, book: Book, start: int, until: int) -> Taken:
    """Write the rows of the next page of the log, which ends at `until` at the latest."""
    await book.refresh(connection.fetch)
    rows = await connection.fetch(_EVENTS, start, until, list(TOPICS), _PAGE)
    page = [Recorded(*row) for row in rows]
    end = page[-1].position if len(page) == _PAGE else until
    kept = {
        incident: _kept(incident, events, start, book.at)
        for incident, events in (await _courses(connection, page)).items()
    }
    changes = [change for each in kept.values() for change in each.changes]
    await _write(connection, changes)
    rings = {incident: each.rings_at for incident, each in kept.items()}
    return Taken(
        end,
        len(page),
        len(changes),
        {incident: at for incident, at in rings.items() if at is not None},
        [incident for incident, at in rings.items() if at is None],
    )


async def _courses(
    connection: asyncpg.Connection, page: Sequence[Recorded]
) -> dict[UUID, list[Recorded]]:
    """All that these events' incidents have gone through, the page included."""
    courses: dict[UUID, list[Recorded]] = {}
    for recorded in page:
        courses.setdefault(_incident(recorded), []).append(recorded)
    older = [
        incident
        for incident, events in courses.items()
        if (events[0].originator_id, events[0].originator_version) != (incident, 1)
    ]
    if older:
        streams = [*older, *map(facts_stream, older)]
        found = await connection.fetch(_EARLIER, streams, page[-1].position, list(TOPICS))
        courses |= {incident: [] for incident in older}
        for recorded in (Recorded(*row) for row in found):
            courses[_incident(recorded)].append(recorded)
    return courses


def _incident(recorded: Recorded) -> UUID:
    if recorded.topic not in (SlaWarned.topic, SlaBreached.topic):
        return recorded.originator_id
    found: UUID = getattr(recorded.event, "incident")  # noqa: B009  # of either class
    return found


def _kept(incident: UUID, events: Sequence[Recorded], start: int, rules_at: RulesAt) -> Kept:
    """The rows that the steps behind `start` lead to. What cannot be read is left as it was."""
    try:
        return _replayed(incident, events, start, rules_at)
    except Exception as trouble:
        _log.error("clocks_unreadable", incident=str(incident), reason=repr(trouble))
        return Kept([], None)


def _replayed(incident: UUID, events: Sequence[Recorded], start: int, rules_at: RulesAt) -> Kept:
    folding, shown = Fold(rules_at), dict[ClockKey, tuple[Any, ...]]()
    recorded_at = {each.position: each.recorded_at for each in events}
    changes = _Changes(incident)
    steps = steps_of(events)
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        folding.take(step)
        if following is not None and following.position <= start:
            continue
        rows = {key_of(clock): row_of(clock, step.known) for clock in folding.clocks}
        if step.position > start:
            for clock, row in rows.items():
                if shown.get(clock) != row:
                    when = (step.position, recorded_at[step.position])
                    changes.add(clock, when, row, closes=clock in shown)
        shown = rows
    rings = [at for clock in folding.clocks if (at := next_ring(clock)) is not None]
    return Kept(changes.all, min(rings, default=None))


class _Changes:
    """The rows of one incident; a row that is replaced within the page ends there."""

    def __init__(self, incident: UUID) -> None:
        self.all: list[Change] = []
        self._incident = incident
        self._open: dict[ClockKey, int] = {}

    def add(
        self, clock: ClockKey, when: tuple[int, datetime], row: tuple[Any, ...], *, closes: bool
    ) -> None:
        earlier = self._open.get(clock)
        if earlier is not None:
            self.all[earlier] = self.all[earlier]._replace(end=when[0])
        self._open[clock] = len(self.all)
        closes = closes and earlier is None
        self.all.append(Change(self._incident, clock, when[0], None, when[1], row, closes))


async def _write(connection: asyncpg.Connection, changes: Sequence[Change]) -> None:
    closing = [(c.incident, *c.clock, c.start) for c in changes if c.closes]
    if closing:
        await connection.execute(_CLOSE, *_columns(closing))
    if changes:
        opening = [(c.incident, *c.clock, c.start, c.end, c.updated_at, *c.row) for c in changes]
        await connection.copy_records_to_table(TABLE, records=opening, columns=_COLUMNS)


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _set_timers(connection: asyncpg.Connection, taken: Taken) -> None:
    if taken.armed:
        due = [moment_at(at) for at in taken.armed.values()]
        await connection.execute(_ARM, list(taken.armed), due, TIMER)
    if taken.cancelled:
        await connection.execute(_CANCEL, list(taken.cancelled), TIMER)
