"""The notification: one fact for one contact by one channel; what may be done to it, and when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.notification.events import (
    Acknowledged,
    AttemptStarted,
    Bundled,
    BundleMade,
    Cancelled,
    Channel,
    Delivered,
    Delivery,
    Exhausted,
    Failed,
    FellBack,
    Held,
    MarkedRead,
    NotificationEvent,
    OutcomeUnknown,
    Planned,
    Redriven,
)
from services.notification.retries import wait_after
from services.notification.rules import FINAL, RULES, WHY_NOT, Status
from services.notification.said import Words, kept
from services.notification.state import Notification
from shared.errors import Refused

_LOST = "the outcome of the last attempt is unknown"


def notification_stream(delivery: Delivery) -> UUID:
    """Its id: the same fact to the same contact by the same channel is told once."""
    return uuid5(delivery.cause, f"{delivery.contact}|{delivery.channel}")


def refusal(notification: Notification, command: str) -> str | None:
    """Why this command is not possible in this state; None where it is."""
    if notification.status is None:
        return "the notification does not exist"
    led = RULES[command].leads[notification.status]
    return None if led else WHY_NOT[notification.status]


def _require(notification: Notification, command: str) -> None:
    if (reason := refusal(notification, command)) is not None:
        raise Refused(reason)


# Commands: each answers with the events that follow, or refuses.


def plan(
    notification: Notification,
    *,
    delivery: Delivery,
    subscription: UUID | None = None,
    happened_at: datetime,
    words: Words,
    urgent: bool = False,
    escalation: UUID | None = None,
    instead_of: UUID | None = None,
    wording: str | None = None,
) -> Sequence[NotificationEvent]:
    """Tell it; what is urgent keeps no quiet hours and has a schedule of its own."""
    if notification.status is not None:
        return []
    return [
        Planned(
            delivery=delivery,
            subscription=subscription,
            happened_at=happened_at,
            **kept(words)._asdict(),
            urgent=urgent,
            escalation=escalation,
            instead_of=instead_of,
            wording=wording,
        )
    ]


def hold(
    notification: Notification, *, at: datetime, until: datetime, reason: str
) -> Sequence[NotificationEvent]:
    """Make no attempt before then."""
    if notification.status is not Status.WAITING or notification.held_until == until:
        return []
    return [Held(at=at, until=until, reason=reason)]


def bundle(
    notification: Notification, *, at: datetime, held: tuple[UUID, ...], subject: str, text: str
) -> Sequence[NotificationEvent]:
    """Tell these others too, which waited as it did."""
    if notification.status is not Status.WAITING or notification.bundle:
        return []
    return [BundleMade(at=at, held=held, subject=subject, text=text)]


def join(notification: Notification, *, at: datetime, into: UUID) -> Sequence[NotificationEvent]:
    """It is told by that one."""
    return [Bundled(at=at, into=into)] if notification.status is Status.WAITING else []


def skip(
    notification: Notification, *, at: datetime, reason: str, jitter: float
) -> Sequence[NotificationEvent]:
    """Make no attempt this time, because it would be in vain; its schedule goes on."""
    if notification.status is not Status.WAITING:
        return []
    wait = wait_after(notification.tries + 1, jitter, urgent=notification.urgent)
    if wait is None:
        return [Exhausted(delivery=_delivery(notification), at=at, reason=reason)]
    return [Held(at=at, until=at + timedelta(seconds=wait), reason=reason, skipped=True)]


def begin(notification: Notification, *, at: datetime) -> Sequence[NotificationEvent]:
    """Start the next attempt, if one is due; one that never told its outcome is given up."""
    if notification.status is None or notification.status in FINAL:
        return []
    number = len(notification.attempts)
    lost = [OutcomeUnknown(attempt=number, at=at)] if notification.status is Status.SENDING else []
    if notification.is_over or notification.exhausted_at is not None:
        return lost
    if wait_after(notification.tries, 1.0, urgent=notification.urgent) is None:
        return [*lost, Exhausted(delivery=_delivery(notification), at=at, reason=_LOST)]
    return [*lost, AttemptStarted(attempt=number + 1, at=at)]


def probe(notification: Notification, *, at: datetime) -> Sequence[NotificationEvent]:
    """Start an attempt, due or not, a dead letter's too, to see whether its endpoint is back."""
    if notification.status not in (Status.WAITING, Status.EXHAUSTED):
        return []
    return [AttemptStarted(attempt=len(notification.attempts) + 1, at=at, probe=True)]


def deliver(
    notification: Notification, *, attempt: int, at: datetime, answer: str
) -> Sequence[NotificationEvent]:
    """The receiver has it; that holds however late it is told."""
    if notification.status is Status.DELIVERED:
        return []
    delivery = _delivery(notification)
    return [Delivered(delivery=delivery, attempt=attempt, at=at, answer=answer)]


def fail(
    notification: Notification,
    *,
    attempt: int,
    at: datetime,
    reason: str,
    permanent: bool,
    jitter: float,
    retry_after: float = 0.0,
) -> Sequence[NotificationEvent]:
    """The receiver has not taken it; it may have asked to be left alone for so many seconds."""
    if not _is_under_way(notification, attempt):
        return []
    over = permanent or notification.is_over
    retry_in = None if over else _wait(notification, at, jitter, retry_after)
    failed = Failed(
        delivery=_delivery(notification),
        attempt=attempt,
        at=at,
        reason=reason,
        permanent=permanent,
        retry_in=retry_in,
    )
    return [failed, *_end(notification, at, reason, retry_in)]


def lose(
    notification: Notification, *, attempt: int, at: datetime, reason: str, jitter: float
) -> Sequence[NotificationEvent]:
    """Nobody knows whether the receiver has taken it: it is sent again under the same id."""
    if not _is_under_way(notification, attempt):
        return []
    retry_in = None if notification.is_over else _wait(notification, at, jitter)
    unknown = OutcomeUnknown(attempt=attempt, at=at, reason=reason, retry_in=retry_in)
    return [unknown, *_end(notification, at, reason, retry_in)]


def fall_back(
    notification: Notification, *, at: datetime, channel: Channel | None, to: UUID | None
) -> Sequence[NotificationEvent]:
    """It has not reached in time: the same goes by this channel, or by none if there is none."""
    reached = notification.status in (None, Status.DELIVERED)
    if reached or notification.is_over or notification.fell_back_at is not None:
        return []
    return [FellBack(at=at, channel=channel, notification=to)]


def redrive(notification: Notification, *, at: datetime) -> Sequence[NotificationEvent]:
    """Try a dead letter again, from the first attempt of the schedule."""
    _require(notification, "redrive")
    return [Redriven(at=at)]


def revive(notification: Notification, *, at: datetime) -> Sequence[NotificationEvent]:
    """Its endpoint is back: try what waits, and dead letters, at once."""
    waits = notification.status in (Status.WAITING, Status.EXHAUSTED)
    return [Redriven(at=at)] if waits and not notification.is_over else []


def cancel(notification: Notification, *, at: datetime, reason: str) -> Sequence[NotificationEvent]:
    """Make no further attempt; what has been delivered stays delivered."""
    if notification.status in (None, *FINAL) or notification.is_over:
        return []
    return [Cancelled(at=at, reason=reason)]


def mark(
    notification: Notification, *, at: datetime, unread: bool = False
) -> Sequence[NotificationEvent]:
    """It has been read in the inbox, or is to be shown as unread again."""
    if notification.status is None or (notification.read_at is None) is unread:
        return []
    return [MarkedRead(at=at, unread=unread)]


def acknowledge(
    notification: Notification, *, by: str, at: datetime, matter: UUID | None = None
) -> Sequence[NotificationEvent]:
    """Somebody has seen it; `matter` is what its escalation is about."""
    _require(notification, "acknowledge")
    if notification.acknowledged_at is not None:
        return []
    delivery, escalation = notification.delivery, notification.escalation
    return [Acknowledged(by=by, at=at, delivery=delivery, escalation=escalation, matter=matter)]


def _delivery(notification: Notification) -> Delivery:
    if notification.delivery is None:
        raise Refused("the notification does not exist")
    return notification.delivery


def _is_under_way(notification: Notification, attempt: int) -> bool:
    is_newest = attempt == len(notification.attempts)
    return is_newest and notification.status is Status.SENDING


def _wait(
    notification: Notification, at: datetime, jitter: float, asked: float = 0.0
) -> float | None:
    """Seconds until its next attempt; None where there is none. A probe leaves it where it was."""
    if notification.exhausted_at is not None:
        return None
    if notification.probing and notification.next_at is not None:
        return max((notification.next_at - at).total_seconds(), 0.0)
    return wait_after(notification.tries, jitter, urgent=notification.urgent, asked=asked)


def _end(
    notification: Notification, at: datetime, reason: str, retry_in: float | None
) -> list[NotificationEvent]:
    """What follows where no further attempt does."""
    if notification.is_over or notification.exhausted_at is not None or retry_in is not None:
        return []
    return [Exhausted(delivery=_delivery(notification), at=at, reason=reason)]
