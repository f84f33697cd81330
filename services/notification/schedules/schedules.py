"""The schedules of this service: their ledger."""

from services.notification.keyed.rows import keyed_rows
from services.notification.schedules import schedule
from services.notification.schedules.events import ScheduleEvent
from services.notification.schedules.schedule import Schedule
from shared.aggregate import Aggregate
from shared.ledger import Ledger
from shared.store.store import Store

SCHEDULE = Aggregate("schedule", Schedule(), schedule.evolve, rows=keyed_rows)

SCHEDULES = "schedules"
"""Among a service's parts, its `Schedules`."""


class Schedules(Ledger[Schedule, ScheduleEvent]):
    """The ledger of schedules."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, SCHEDULE)
