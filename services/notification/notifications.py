"""The notifications of this service: their ledger, and the timers that send them."""

from collections.abc import Iterable
from datetime import timedelta

from services.notification import state
from services.notification.events import (
    AttemptStarted,
    Exhausted,
    Failed,
    Held,
    NotificationEvent,
    OutcomeUnknown,
    Planned,
    Redriven,
)
from services.notification.retries import FALLBACK, LEASE
from services.notification.rules import FINAL, Status
from services.notification.state import Notification
from services.notification.tables import notification_rows
from shared.aggregate import Aggregate, Alarm
from shared.ledger import Ledger
from shared.store.store import Store

SEND = "send"
FALL_BACK = "fall-back"


def _alarms(before: Notification, event: NotificationEvent, after: Notification) -> Iterable[Alarm]:
    match event:
        case Planned() | Redriven():
            yield Alarm(SEND, timedelta(0))
        case Held(at=at, until=until):
            yield Alarm(SEND, until - at)
        case AttemptStarted():
            yield Alarm(SEND, LEASE)
        case Failed(retry_in=float(seconds)) | OutcomeUnknown(retry_in=float(seconds)):
            yield Alarm(SEND, timedelta(seconds=seconds))
        case _:
            if after.status in FINAL:
                yield Alarm(SEND, None)
    if after.urgent and after.fell_back_at is None:
        yield from _fallback(before, event, after)


def _fallback(
    before: Notification, event: NotificationEvent, after: Notification
) -> Iterable[Alarm]:
    """What is urgent goes by another channel in time, or at once where this one is of no use."""
    if isinstance(event, Planned):
        yield Alarm(FALL_BACK, FALLBACK)
    elif isinstance(event, Exhausted):
        yield Alarm(FALL_BACK, timedelta(0))
    elif after.status is Status.DELIVERED or (after.is_over and not before.is_over):
        yield Alarm(FALL_BACK, None)


NOTIFICATION = Aggregate(
    "notification", Notification(), state.evolve, rows=notification_rows, alarms=_alarms
)


class Notifications(Ledger[Notification, NotificationEvent]):
    """The ledger of notifications."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, NOTIFICATION)
