"""The notification as its events tell it: its status, and each attempt to deliver it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

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
from services.notification.rules import Status
from shared.domain import Personal, State, changed


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
    subject: Personal = ""
    text: Personal = ""
    said: Personal | None = None
    urgent: bool = False
    escalation: UUID | None = None
    instead_of: UUID | None = None
    wording: str | None = None
    fell_back_at: datetime | None = None
    fallback: UUID | None = None  # what was planned instead
    fallback_channel: Channel | None = None
    attempts: tuple[Attempt, ...] = ()
    tries: int = 0  # attempts since it was planned or redriven
    probing: bool = False
    at_once: bool = False  # somebody wants it tried, whatever is known of its endpoint
    next_at: datetime | None = None
    held_until: datetime | None = None
    held_because: str | None = None
    is_skipped: bool = False  # held only because its endpoint did not answer
    bundle: tuple[UUID, ...] = ()  # the others that it tells too
    bundled_into: UUID | None = None
    delivered_at: datetime | None = None
    exhausted_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_because: str | None = None
    read_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether somebody has said that nothing more is to be sent."""
        return self.acknowledged_at is not None or self.cancelled_at is not None

    @property
    def is_refused(self) -> bool:
        """Whether its receiver has refused it for good."""
        return bool(self.attempts) and self.attempts[-1].outcome is Outcome.REFUSED


def _started(notification: Notification, event: AttemptStarted) -> Notification:
    attempt = Attempt(number=event.attempt, started_at=event.at)
    return changed(
        notification,
        status=Status.SENDING,
        attempts=(*notification.attempts, attempt),
        tries=notification.tries + (not event.probe),
        probing=event.probe,
        at_once=False,
        next_at=notification.next_at if event.probe else None,
        held_until=None,
        held_because=None,
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
    return changed(notification, status=_after(notification), attempts=attempts, probing=False)


def _after(notification: Notification) -> Status:
    """The status that an attempt without success leaves behind."""
    if notification.is_over:
        return Status.CANCELLED
    return Status.WAITING if notification.exhausted_at is None else Status.EXHAUSTED


def _missed(
    notification: Notification, event: Failed | OutcomeUnknown, outcome: Outcome
) -> Notification:
    ended = _ended(notification, event, outcome, event.reason)
    if event.retry_in is None:
        return ended
    return changed(ended, next_at=event.at + timedelta(seconds=event.retry_in))


def _over(notification: Notification) -> Status | None:
    waited = notification.status is Status.WAITING
    return Status.CANCELLED if waited else notification.status


def evolve(notification: Notification, event: NotificationEvent) -> Notification:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case AttemptStarted():
            return _started(notification, event)
        case Delivered():
            ended = _ended(notification, event, Outcome.DELIVERED, event.answer)
            return changed(
                ended,
                status=Status.DELIVERED,
                next_at=None,
                exhausted_at=None,
                delivered_at=event.at,
            )
        case Failed():
            outcome = Outcome.REFUSED if event.permanent else Outcome.FAILED
            return _missed(notification, event, outcome)
        case OutcomeUnknown():
            return _missed(notification, event, Outcome.UNKNOWN)
        case Planned() | Held() | Redriven() | BundleMade() | Bundled():
            return _waiting(notification, event)
        case _:
            return _settled(notification, event)


def _waiting(
    notification: Notification, event: Planned | Held | Redriven | BundleMade | Bundled
) -> Notification:
    match event:
        case BundleMade(held=held, subject=subject, text=text):
            return changed(notification, bundle=held, subject=subject, text=text)
        case Bundled(into=into):
            bundled = {"status": Status.BUNDLED, "bundled_into": into}
            return changed(notification, next_at=None, held_until=None, **bundled)
        case Planned():
            return Notification(status=Status.WAITING, **event.fields())
        case Held(until=until, reason=reason):
            tries = notification.tries + event.skipped
            why = {"held_until": until, "held_because": reason, "is_skipped": event.skipped}
            return changed(notification, next_at=until, tries=tries, **why)
        case Redriven():
            return changed(
                notification,
                status=Status.WAITING,
                tries=0,
                at_once=True,
                exhausted_at=None,
                next_at=event.at,
                held_until=None,
                held_because=None,
            )


def _settled(
    notification: Notification,
    event: MarkedRead | Exhausted | FellBack | Cancelled | Acknowledged,
) -> Notification:
    match event:
        case Exhausted():
            return changed(notification, status=Status.EXHAUSTED, exhausted_at=event.at)
        case FellBack():
            return changed(
                notification,
                fell_back_at=event.at,
                fallback=event.notification,
                fallback_channel=event.channel,
            )
        case Cancelled(at=at, reason=reason):
            over = {"cancelled_at": at, "cancelled_because": reason}
            return changed(notification, status=_over(notification), next_at=None, **over)
        case MarkedRead(at=at, unread=unread):
            return changed(notification, read_at=None if unread else at)
        case Acknowledged(at=at, by=by):
            over = {"acknowledged_at": at, "acknowledged_by": by}
            return changed(notification, status=_over(notification), next_at=None, **over)
        case _:
            assert_never(event)
