"""A view of another log for the library's projection suites: two counters in a plain table."""

from eventsourcing.persistence import Tracking
from eventsourcing.tests.projection import EventCountersView
from sqlalchemy import Column, Integer, MetaData, Table, Text

from shared.aggregate import Row
from shared.store.library import LogTrackingRecorder

TABLE = Table(
    "counters",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("events", Integer, nullable=False),
)
DDL = """create table counters (name text primary key, events int not null);
    grant select, insert, update on counters to tocsin_app"""


class Counters(LogTrackingRecorder, EventCountersView):
    """Counts in the append that moves the cursor, so each notification counts once."""

    tables = (TABLE,)

    def get_created_event_counter(self) -> int:
        return self._count("created")

    def get_subsequent_event_counter(self) -> int:
        return self._count("subsequent")

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        self._increase("created", tracking)

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        self._increase("subsequent", tracking)

    def _increase(self, name: str, tracking: Tracking) -> None:
        self.track(tracking, lambda: [Row(TABLE, (name, self._count(name) + 1))])

    def _count(self, name: str) -> int:
        query = "select coalesce((select events from counters where name = $1), 0)"
        found: int = self._log.run(self._log.pool.fetchval(query, name))
        return found
