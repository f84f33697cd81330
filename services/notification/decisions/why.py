"""Why somebody was told of a fact, or was not: the decision, and what has come of it since."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.notification.copies import is_by_hand
from services.notification.decisions.decision import Decision
from services.notification.decisions.events import Left, Reason
from services.notification.rules import Status
from services.notification.state import Notification, Outcome
from shared.aggregate import Folded

NOT_CONCERNED = "no_subscription"

Subscribed = Sequence[asyncpg.Record]

_SUBSCRIPTIONS = """select id, channel, facts, priorities, services, retired, created_at
    from subscriptions where contact = $1 and from_position <= $2
      and (to_position is null or to_position > $2) order by created_at, id"""
_NOTIFICATIONS = """select id from notifications
    where to_position is null and contact = $1 and cause = $2 order by created_at, id"""

_LEFT = {
    Reason.DUPLICATE: "the same fact was told to them by this channel already",
    Reason.RESTRICTED: "it is restricted, and they are not among those who may know of it",
    Reason.NO_METHOD: "the contact could not be reached by this channel",
    Reason.QUIET_HOURS: "it came in their quiet hours",
    Reason.THROTTLE: "they had been sent as much as the policy allows in a while",
}


class Because(msgspec.Struct, kw_only=True):
    """One reason. `notification` is what it is about, `until` when it is (or was) held."""

    reason: str
    detail: str
    channel: str | None = None
    subscription: UUID | None = None
    audience: str | None = None
    notification: UUID | None = None
    status: str | None = None
    until: datetime | None = None


class WhyView(msgspec.Struct, kw_only=True):
    """Whether a contact was told of an event, and each reason for and against.

    `verdict`: `told`, `held`, `on_its_way`, `not_reached`, `not_told`.
    """

    event: UUID
    contact: UUID
    person: str
    fact: str | None
    about: UUID | None
    decided_at: datetime | None
    policy_version: int | None
    verdict: str
    reasons: list[Because]


async def notifications_of(pool: asyncpg.Pool, event: UUID, contact: UUID) -> list[UUID]:
    """What was planned for the contact because of the event."""
    return [row["id"] for row in await pool.fetch(_NOTIFICATIONS, contact, event)]


async def subscriptions_at(pool: asyncpg.Pool, contact: UUID, position: int) -> Subscribed:
    """The subscriptions of a contact as they were."""
    return await pool.fetch(_SUBSCRIPTIONS, contact, position)


def answer(
    decided: Folded[Decision] | None,
    contact: tuple[UUID, str],
    event: UUID,
    planned: Sequence[Folded[Notification]],
    subscriptions: Subscribed,
) -> WhyView:
    """All that is known of it. Either a decision or a notification there must be."""
    reasons = [_of_notification(each) for each in planned]
    decision = decided.state if decided else Decision()
    left = [each for each in decision.left if each.contact == contact[0]]
    reasons += [_of_left(each) for each in left]
    if not reasons:
        reasons = _of_subscriptions(decision, subscriptions)
    told = planned[0].state.delivery if planned else None
    return WhyView(
        event=event,
        contact=contact[0],
        person=contact[1],
        fact=decision.name or (told.fact if told else None),
        about=decision.about or (told.about if told else None),
        decided_at=decision.at or (planned[0].created_at if planned else None),
        policy_version=decision.policy if decided else None,
        verdict=_verdict([each.state for each in planned]),
        reasons=reasons,
    )


def _verdict(planned: Sequence[Notification]) -> str:
    statuses = {each.status for each in planned}
    if statuses & {Status.DELIVERED, Status.BUNDLED}:
        return "told"
    if any(each.status is Status.WAITING and each.held_until for each in planned):
        return "held"
    if statuses & {Status.WAITING, Status.SENDING}:
        return "on_its_way"
    return "not_reached" if planned else "not_told"


def _of_notification(found: Folded[Notification]) -> Because:
    state = found.state
    reason, detail = _story(state)
    return Because(
        reason=reason,
        detail=detail,
        channel=state.delivery.channel if state.delivery else None,
        subscription=state.subscription,
        notification=found.stream,
        status=state.status,
        until=state.held_until,
    )


def _story(state: Notification) -> tuple[str, str]:
    """Why it stands as it does."""
    if state.acknowledged_at is not None and state.delivered_at is None:
        return "acknowledged_meanwhile", f"{state.acknowledged_by} acknowledged it before"
    if state.status is Status.CANCELLED:
        return "called_off", state.cancelled_because or "it was called off"
    if state.status is Status.WAITING and state.held_because:
        return _code(state), f"it is held: {state.held_because}"
    if state.status is Status.EXHAUSTED:
        last = state.attempts[-1] if state.attempts else None
        gone = last is not None and last.outcome is Outcome.REFUSED
        return ("refused" if gone else "exhausted"), _last(state)
    if state.bundled_into is not None:
        return "bundled", "it is told with others that were held"
    return _because(state)


def _because(state: Notification) -> tuple[str, str]:
    if state.subscription:
        return "subscription", "a subscription says so"
    if state.delivery is not None and is_by_hand(state.delivery.fact):
        return "by_hand", "somebody wrote it to them"
    return "page", "they are paged"


def _code(state: Notification) -> str:
    if state.is_skipped:
        return "endpoint_down"
    return Reason.QUIET_HOURS if state.held_because == "quiet hours" else Reason.THROTTLE


def _last(state: Notification) -> str:
    if not state.attempts:
        return "no attempt could be made"
    last = state.attempts[-1]
    return f"attempt {last.number}: {last.answer or 'its outcome is unknown'}"


def _of_left(left: Left) -> Because:
    return Because(
        reason=left.reason,
        detail=_LEFT[left.reason],
        channel=left.channel,
        subscription=left.subscription,
        audience=left.audience,
        until=left.until,
    )


def _of_subscriptions(decision: Decision, subscriptions: Subscribed) -> list[Because]:
    """Nobody meant them: why each of their subscriptions did not."""
    if not subscriptions:
        none = "the contact had no subscription, and was in no audience that was told"
        return [Because(reason=NOT_CONCERNED, detail=none)]
    return [
        Because(
            reason=NOT_CONCERNED,
            detail=_misses(decision, dict(each)),
            channel=each["channel"],
            subscription=each["id"],
        )
        for each in subscriptions
    ]


def _misses(decision: Decision, subscription: dict[str, Any]) -> str:
    if subscription["retired"]:
        return "the subscription was retired"
    if decision.name not in subscription["facts"]:
        return f"the subscription does not name {decision.name}"
    if subscription["priorities"] and decision.priority not in subscription["priorities"]:
        return f"the subscription is for other priorities than {decision.priority or 'none'}"
    if subscription["services"] and decision.service not in subscription["services"]:
        return f"the subscription is for other services than {decision.service or 'none'}"
    return "the subscription is younger than the fact"
