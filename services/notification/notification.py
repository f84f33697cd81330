"""The notification: one fact for one contact by one channel, and each attempt to deliver it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID, uuid5

from services.notification.events import (
    Acknowledged,
    AttemptStarted,
    Delivered,
    Delivery,
    Exhausted,
    Failed,
    NotificationEvent,
    OutcomeUnknown,
    Planned,
    Redriven,
)
from services.notification.rules import FINAL, RULES, WHY_NOT, Status
from services.notification.schedule import wait_after
from shared.domain import State, changed
from shared.errors import Refused


class Outcome(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"  # for good
    UNKNOWN = "unknown"


class Attempt(State, frozen=True):
    """One call to the receiver; without an outcome while it is under way."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    answer: str | None = None


class Notification(State, frozen=True):
    """A notification as its events tell it."""

    status: Status | None = None
    delivery: Delivery | None = None
    subscription: UUID | None = None
    happened_at: datetime | None = None
    values: dict[str, str] = {}
    subject: str = ""
    text: str = ""
    attempts: tuple[Attempt, ...] = ()
    tries: int = 0  # attempts since it was planned or redriven
    next_at: datetime | None = None
    delivered_at: datetime | None = None
    exhausted_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


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
    subscription: UUID,
    happened_at: datetime,
    values: dict[str, str],
    subject: str,
    text: str,
) -> Sequence[NotificationEvent]:
    if notification.status is not None:
        return []
    return [
        Planned(
            delivery=delivery,
            subscription=subscription,
            happened_at=happened_at,
            values=values,
            subject=subject,
            text=text,
        )
    ]


def begin(notification: Notification, *, at: datetime) -> Sequence[NotificationEvent]:
    """Start the next attempt, if one is due; one that never told its outcome is given up."""
    if notification.status in FINAL:
        return []
    number = len(notification.attempts)
    lost = [OutcomeUnknown(attempt=number, at=at)] if notification.status is Status.SENDING else []
    if notification.acknowledged_at is not None:
        return lost
    if wait_after(notification.tries, 1.0) is None:
        reason = "the outcome of the last attempt is unknown"
        return [*lost, Exhausted(delivery=_delivery(notification), at=at, reason=reason)]
    return [*lost, AttemptStarted(attempt=number + 1, at=at)]


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
) -> Sequence[NotificationEvent]:
    if not _is_under_way(notification, attempt):
        return []
    delivery, over = _delivery(notification), notification.acknowledged_at is not None
    retry_in = None if permanent or over else wait_after(notification.tries, jitter)
    failed = Failed(
        delivery=delivery,
        attempt=attempt,
        at=at,
        reason=reason,
        permanent=permanent,
        retry_in=retry_in,
    )
    if over or retry_in is not None:
        return [failed]
    return [failed, Exhausted(delivery=delivery, at=at, reason=reason)]


def redrive(notification: Notification, *, at: datetime) -> Sequence[NotificationEvent]:
    _require(notification, "redrive")
    return [Redriven(at=at)]


def acknowledge(
    notification: Notification, *, by: str, at: datetime
) -> Sequence[NotificationEvent]:
    _require(notification, "acknowledge")
    return [] if notification.acknowledged_at is not None else [Acknowledged(by=by, at=at)]


def _delivery(notification: Notification) -> Delivery:
    if notification.delivery is None:
        raise Refused("the notification does not exist")
    return notification.delivery


def _is_under_way(notification: Notification, attempt: int) -> bool:
    is_newest = attempt == len(notification.attempts)
    return is_newest and notification.status is Status.SENDING


# Evolution: each event's change.


def _planned(event: Planned) -> Notification:
    return Notification(status=Status.WAITING, **event.fields())


def _started(notification: Notification, event: AttemptStarted) -> Notification:
    attempt = Attempt(number=event.attempt, started_at=event.at)
    return changed(
        notification,
        status=Status.SENDING,
        attempts=(*notification.attempts, attempt),
        tries=notification.tries + 1,
        next_at=None,
    )


def _ended(
    notification: Notification,
    event: Delivered | Failed | OutcomeUnknown,
    outcome: Outcome,
    answer: str | None = None,
) -> Notification:
    attempts = tuple(
        changed(each, ended_at=event.at, outcome=outcome, answer=answer)
        if each.number == event.attempt
        else each
        for each in notification.attempts
    )
    waits = Status.CANCELLED if notification.acknowledged_at is not None else Status.WAITING
    return changed(notification, status=waits, attempts=attempts)


def _failed(notification: Notification, event: Failed) -> Notification:
    outcome = Outcome.REFUSED if event.permanent else Outcome.FAILED
    ended = _ended(notification, event, outcome, event.reason)
    if event.retry_in is None:
        return ended
    return changed(ended, next_at=event.at + timedelta(seconds=event.retry_in))


def _acknowledged(notification: Notification, event: Acknowledged) -> Notification:
    waited = notification.status is Status.WAITING
    return changed(
        notification,
        status=Status.CANCELLED if waited else notification.status,
        next_at=None,
        acknowledged_at=event.at,
        acknowledged_by=event.by,
    )


def evolve(notification: Notification, event: NotificationEvent) -> Notification:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case Planned():
            return _planned(event)
        case AttemptStarted():
            return _started(notification, event)
        case Delivered():
            ended = _ended(notification, event, Outcome.DELIVERED, event.answer)
            return changed(ended, status=Status.DELIVERED, next_at=None, delivered_at=event.at)
        case Failed():
            return _failed(notification, event)
        case OutcomeUnknown():
            return _ended(notification, event, Outcome.UNKNOWN)
        case Exhausted():
            return changed(notification, status=Status.EXHAUSTED, exhausted_at=event.at)
        case Redriven():
            return changed(
                notification, status=Status.WAITING, tries=0, exhausted_at=None, next_at=event.at
            )
        case Acknowledged():
            return _acknowledged(notification, event)
        case _:
            assert_never(event)
