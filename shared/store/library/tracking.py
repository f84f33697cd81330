"""How far an application or a view has followed another log: kept in the append of the effects."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from eventsourcing.persistence import (
    IntegrityError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from sqlalchemy import Table

from shared.aggregate import Row
from shared.store.append import Append, Appended, CursorMove
from shared.store.library.log import Log, settled
from shared.store.library.recorders import LogRecorder, positions
from shared.store.library.stored import append_of
from shared.store.tables import Change

_POSITION = "select position from cursors where name = $1"


def _no_rows() -> Iterable[Row]:
    return ()


class LogTrackingRecorder(TrackingRecorder):
    """A view of another log. A subclass names its plain `tables` and writes them with `track`."""

    tables: ClassVar[Sequence[Table]] = ()

    def __init__(self, log: Log) -> None:
        self._log = log
        self._append = log.writer(self.tables)

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move on to this notification. Raises IntegrityError if it lies behind."""
        self.track(tracking)

    def track(self, tracking: Tracking, rows: Callable[[], Iterable[Row]] = _no_rows) -> None:
        """Move on and write these rows, both or neither.

        What `rows` reads of the view is the newest: it is asked again where another moved on first.
        """
        self._tracked(tracking, lambda: self._rows_only(rows()))

    def max_tracking_id(self, application_name: str) -> int | None:
        """The newest notification of that application."""
        name = self._cursor(application_name)
        position: int | None = self._log.run(self._log.pool.fetchval(_POSITION, name))
        return position

    def _tracked(self, tracking: Tracking, write: Callable[[], Append]) -> Appended:
        name, end = tracking.application_name, tracking.notification_id
        while True:
            start = self.max_tracking_id(name) or 0
            if end <= start:
                raise IntegrityError(f"{name} has been followed to {start}, beyond {end}")
            append = write()
            append.cursor = CursorMove(self._cursor(name), None, start, end, "")
            answer = self._append(append)
            if answer.outcome != "behind":
                return settled(answer)

    def _rows_only(self, rows: Iterable[Row]) -> Append:
        append = append_of((), f"system:{self._log.name}")
        append.changes = {}
        for table, values in rows:
            append.changes.setdefault(table.name, []).append(Change(values))
        return append

    def _cursor(self, application: str) -> str:
        return f"{self._log.name} of {application}"


class LogProcessRecorder(LogTrackingRecorder, LogRecorder, ProcessRecorder):
    """The log of an application that follows another: events and tracking in one append."""

    def __init__(self, log: Log) -> None:
        LogRecorder.__init__(self, log)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        **kwargs: Any,
    ) -> Sequence[int] | None:
        """Append, and move on with it. Raises IntegrityError."""
        if tracking is None:
            return super().insert_events(stored_events)
        actor = f"system:{self._log.name}"
        answer = self._tracked(tracking, lambda: append_of(stored_events, actor))
        return positions(answer.first_position, stored_events)
