"""A command's writes while they are being decided: one stream or many, one append in the end."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from shared.aggregate import Aggregate, Folded
from shared.clock import new_id
from shared.codec import record
from shared.domain import Event, State
from shared.store.append import Append, NewEvent, TimerChange
from shared.store.tables import Change, is_versioned
from shared.vault import Vault

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)


class Draft:
    """Collects decided events and everything that is stored with them."""

    def __init__(
        self,
        vault: Vault,
        clock: Callable[[], datetime],
        *,
        actor: str,
        correlation_id: UUID | None = None,
        causation_id: UUID | None = None,
        traceparent: str | None = None,
    ) -> None:
        command = new_id()
        self._vault = vault
        self._clock = clock
        self._open: dict[tuple[str, Any], int] = {}  # place of the row each id has open
        self._pending: dict[UUID, Folded[Any]] = {}
        self._correlation_id = correlation_id or command
        self._causation_id = causation_id
        self.append = Append(
            command_id=command,
            actor=actor,
            traceparent=traceparent,
            expected={},
            events=[],
            keys=[],
            timers={},
            changes={},
        )

    def caused_by(self, event: UUID, correlation_id: UUID) -> None:
        """What follows was caused by this event, perhaps of another service."""
        self._causation_id = event
        self._correlation_id = correlation_id

    def state_of(self, stream: UUID) -> Folded[Any] | None:
        """The stream as this draft leaves it, if the draft has touched it."""
        return self._pending.get(stream)

    def expect(self, stream: UUID, version: int) -> None:
        """Refuse the whole command unless the stream is still at this version."""
        self.append.expected.setdefault(stream, version)

    def add(self, aggregate: Aggregate[S, E], held: Folded[S], events: Sequence[E]) -> Folded[S]:
        """Take up a decision; answers the aggregate after it (times and positions come later)."""
        self.expect(held.stream, held.version)
        for happened in events:
            held = self._add(aggregate, held, happened)
        self._pending[held.stream] = held
        return held

    def _add(self, aggregate: Aggregate[S, E], held: Folded[S], clear: E) -> Folded[S]:
        version = held.version + 1
        about = (self.append.actor, *aggregate.about(held.state, clear)) if clear.personal else ()
        sealed, stored, keys = record(clear, held.stream, version, about, self._vault)
        state = aggregate.evolve(held.state, sealed)
        after = Folded(held.stream, state, version, *held[3:])
        self.append.events.append(
            NewEvent(
                new_id(),
                held.stream,
                version,
                stored.topic,
                stored.schema_version,
                stored.state,
                self._correlation_id,
                self._causation_id,
            )
        )
        self.append.keys.extend(keys)
        for row in aggregate.rows(after, clear):
            self.change(
                row.table.name,
                row.values,
                versioned=is_versioned(row.table),
                closes=held.version > 0,
            )
        self._set_timers(aggregate, held, clear, after)
        return after

    def change(
        self,
        table: str,
        values: tuple[Any, ...],
        *,
        versioned: bool = False,
        closes: bool = False,
        key: int = 1,
    ) -> None:
        """Write a read-model row with the newest event of this draft.

        Of a plain table the first `key` values tell it from others.
        """
        changes = self.append.changes.setdefault(table, [])
        at = len(self.append.events) - 1
        if not versioned:
            self._open_plain(table, values, changes, values[0] if key == 1 else values[:key])
            return
        earlier = self._open.get((table, values[0]))
        if earlier is not None:
            values_before, opened_at, _, closed = changes[earlier]
            changes[earlier] = Change(values_before, opened_at, at, closed)
        self._open[table, values[0]] = len(changes)
        changes.append(Change(values, at, None, closes and earlier is None))

    def _open_plain(
        self, table: str, values: tuple[Any, ...], changes: list[Change], key: Any
    ) -> None:
        place = self._open.get((table, key))
        if place is None:
            self._open[table, key] = len(changes)
            changes.append(Change(values))
        else:
            changes[place] = Change(values)

    def _set_timers(
        self, aggregate: Aggregate[S, E], before: Folded[S], clear: E, after: Folded[S]
    ) -> None:
        for alarm in aggregate.alarms(before.state, clear, after.state):
            due = None if alarm.after is None else self._clock() + alarm.after
            self.append.timers[after.stream, alarm.name] = TimerChange(
                after.stream, alarm.name, due
            )
