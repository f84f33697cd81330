"""Recorders over the log, and over the table of snapshots beside it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    Notification,
    StoredEvent,
)

from shared.store.library.log import Log, settled
from shared.store.library.stored import append_of, notification, stored_event, stream_id
from shared.store.library.subscription import LogSubscription

_FIRST, _LAST = -(2**31), 2**31 - 1
_FROM_LOG = "originator_id, originator_version, topic, schema_version, state from events"
_FROM_SNAPSHOTS = "originator_id, originator_version, topic, 1, state from library_snapshots"
_RANGE = "originator_id = $1 and originator_version > $2 and originator_version <= $3"
_KEEP = """insert into library_snapshots (originator_id, originator_version, topic, state)
    values ($1, $2, $3, $4)"""


class _Selecting:
    """Reads one stream, either way round."""

    source = _FROM_LOG

    def __init__(self, log: Log) -> None:
        self._log = log

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The stream's events with gt < version <= lte."""
        order = "desc" if desc else "asc"
        query = f"select {self.source} where {_RANGE} order by originator_version {order} limit $4"
        low, high = _FIRST if gt is None else gt, _LAST if lte is None else lte
        rows = self._log.run(
            self._log.pool.fetch(query, stream_id(originator_id), low, high, limit)
        )
        return [stored_event(row) for row in rows]


class LogRecorder(_Selecting, ApplicationRecorder):
    """The log."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self._append = log.writer()

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append as one command; answers the positions. Raises IntegrityError."""
        if not stored_events:
            return None
        answer = settled(self._append(append_of(stored_events, f"system:{self._log.name}")))
        return positions(answer.first_position, stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """A page in commit order."""
        after = (start or 0) - (start is not None and inclusive_of_start)
        until = 2**63 - 1 if stop is None else stop
        page = self._log.reader.page(after, until=until, limit=limit, topics=topics or None)
        return [notification(recorded) for recorded in self._log.run(page)]

    def max_notification_id(self) -> int | None:
        """The newest position, if there is one."""
        return self._log.run(self._log.reader.head()).position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LogSubscription:
        """Everything after a position, and then what is appended."""
        return LogSubscription(self, self._log, gt, topics)


class EventRecorder(_Selecting, AggregateRecorder):
    """The log, for those who do not ask for positions."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self._recorder = LogRecorder(log)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """Append as one command. Raises IntegrityError."""
        self._recorder.insert_events(stored_events)


class SnapshotRecorder(_Selecting, AggregateRecorder):
    """Snapshots as applications of the library take them: one a version, all kept."""

    source = _FROM_SNAPSHOTS

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """Keep them, all or none. Raises IntegrityError."""
        rows = [
            (stream_id(s.originator_id), s.originator_version, s.topic, s.state)
            for s in stored_events
        ]
        self._log.run(self._log.pool.executemany(_KEEP, rows))


def positions(first: int | None, stored: Sequence[StoredEvent]) -> list[int] | None:
    """The positions of an append's events."""
    return None if first is None or not stored else list(range(first, first + len(stored)))
