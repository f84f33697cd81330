"""The subscription: which facts reach a contact, by which channel, in which words."""

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

from services.notification.contact_events import (
    SubscriptionEvent,
    SubscriptionRetired,
    SubscriptionSet,
)
from services.notification.events import Channel, Template
from shared.domain import State, changed
from shared.errors import Refused


class Subscription(State, frozen=True):
    """A subscription as its events tell it."""

    contact: UUID | None = None
    channel: Channel | None = None
    facts: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    services: tuple[str, ...] = ()
    template: Template | None = None
    escalation_policy: str | None = None
    retired: bool = False


def put(
    subscription: Subscription,
    *,
    facts: Sequence[str],
    contact: UUID | None = None,
    channel: Channel | None = None,
    priorities: Sequence[int] = (),
    services: Sequence[str] = (),
    template: Template | None = None,
    escalation_policy: str | None = None,
) -> Sequence[SubscriptionEvent]:
    """Say the whole subscription, new or changed."""
    if subscription.retired:
        raise Refused("the subscription is retired; add a new one")
    said = SubscriptionSet(
        contact=contact,
        channel=channel,
        facts=tuple(dict.fromkeys(facts)),
        priorities=tuple(sorted(set(priorities))),
        services=tuple(dict.fromkeys(services)),
        template=template,
        escalation_policy=escalation_policy,
    )
    return [] if _as_set(said) == subscription else [said]


def retire(subscription: Subscription) -> Sequence[SubscriptionEvent]:
    return [] if subscription.retired else [SubscriptionRetired()]


def evolve(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case SubscriptionSet():
            return _as_set(event)
        case SubscriptionRetired():
            return changed(subscription, retired=True)
        case _:
            assert_never(event)


def _as_set(event: SubscriptionSet) -> Subscription:
    return Subscription(**event.fields())
