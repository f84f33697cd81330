"""A page of the log as rows of clocks: what it changes, from which position to which."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from services.incident.clocks.book import Book
from services.incident.clocks.fold import Fold, RulesAt
from services.incident.clocks.rows import COLUMNS, ClockKey, key_of, next_ring, row_of
from services.incident.clocks.steps import TOPICS, steps_of
from services.incident.facts import SlaBreached, SlaWarned, facts_stream
from shared.store.reader import COLUMNS as ENVELOPE
from shared.store.reader import Recorded

TABLE = "incident_clocks"

_PAGE = 200
_log = structlog.get_logger("tocsin.clocks")

_COLUMNS = ("id", "kind", "round", "from_position", "to_position", "updated_at", *COLUMNS)
_EVENTS = f"""select {ENVELOPE} from events where position > $1 and position <= $2
    and topic = any($3::text[]) order by position limit $4"""
_EARLIER = f"""select {ENVELOPE} from events where originator_id = any($1::uuid[])
    and position <= $2 and topic = any($3::text[]) order by position"""
_CLOSE = f"""update {TABLE} c set to_position = x.position
    from unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[])
        as x (id, kind, round, position)
    where c.id = x.id and c.kind = x.kind and c.round = x.round and c.to_position is null"""


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
    event = recorded.event
    if isinstance(event, SlaWarned | SlaBreached):
        return event.incident
    return recorded.originator_id


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
