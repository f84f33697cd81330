"""The notifications of this service: their ledger, and the timer that sends them."""

from collections.abc import Iterable
from datetime import timedelta

from services.notification import notification
from services.notification.events import (
    AttemptStarted,
    Failed,
    NotificationEvent,
    Planned,
    Redriven,
)
from services.notification.notification import Notification
from services.notification.rules import FINAL
from services.notification.schedule import LEASE
from services.notification.tables import notification_rows
from shared.aggregate import Aggregate, Alarm
from shared.ledger import Ledger
from shared.store.store import Store

SEND = "send"


def _alarms(before: Notification, event: NotificationEvent, after: Notification) -> Iterable[Alarm]:
    match event:
        case Planned() | Redriven():
            yield Alarm(SEND, timedelta(0))
        case AttemptStarted():
            yield Alarm(SEND, LEASE)
        case Failed(retry_in=float(seconds)):
            yield Alarm(SEND, timedelta(seconds=seconds))
        case _:
            if after.status in FINAL:
                yield Alarm(SEND, None)


NOTIFICATION = Aggregate(
    "notification", Notification(), notification.evolve, rows=notification_rows, alarms=_alarms
)


class Notifications(Ledger[Notification, NotificationEvent]):
    """The ledger of notifications."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, NOTIFICATION)
