"""The read models behind lists and planning, written in the transaction of their events.

Names, addresses and words stand here sealed, as they stand in the log: who erases a key erases
them all.
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.notification.contact import Contact
from services.notification.contact_events import ContactEvent, SubscriptionEvent
from services.notification.endpoints.endpoint import endpoint_of
from services.notification.events import NotificationEvent
from services.notification.state import Notification
from services.notification.subscription import Subscription
from shared.aggregate import Folded, Row
from shared.restrictions import DERIVED, RESTRICTIONS
from shared.store.tables import version_columns

_METADATA = MetaData()

CONTACTS = Table(
    "contacts",
    _METADATA,
    *version_columns(),
    Column("person", Text, nullable=False),
    Column("name", JSONB, nullable=False),
    Column("email", JSONB, nullable=False),
    Column("webhook_url", JSONB, nullable=False),
    Column("quiet_hours", JSONB, nullable=False),
    Column("chat", Text),
    Column("verified", JSONB, nullable=False),
    Column("retired", Boolean, nullable=False),
)

SUBSCRIPTIONS = Table(
    "subscriptions",
    _METADATA,
    *version_columns(),
    Column("contact", Uuid),
    Column("channel", Text),
    Column("facts", JSONB, nullable=False),
    Column("priorities", JSONB, nullable=False),
    Column("services", JSONB, nullable=False),
    Column("template", JSONB, nullable=False),
    Column("escalation_policy", Text),
    Column("retired", Boolean, nullable=False),
)

NOTIFICATIONS = Table(
    "notifications",
    _METADATA,
    *version_columns(),
    Column("status", Text, nullable=False),
    Column("fact", Text, nullable=False),
    Column("cause", Uuid, nullable=False),
    Column("about", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("contact", Uuid, nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("subject", JSONB, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("delivered_at", DateTime(timezone=True)),
    Column("exhausted_at", DateTime(timezone=True)),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("endpoint", Uuid),
    Column("urgent", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("read_at", DateTime(timezone=True)),
)

SUBJECT_COPIES = Table(
    "subject_copies",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", Integer),
    Column("service", Text),
    Column("position", BigInteger, nullable=False),
)
"""What the others have told of their incidents and problems: what messages speak of."""

TABLES = (CONTACTS, SUBSCRIPTIONS, NOTIFICATIONS, SUBJECT_COPIES, RESTRICTIONS, DERIVED)


def contact_rows(folded: Folded[Contact], event: ContactEvent) -> Iterable[Row]:
    """The list row after an event."""
    state = folded.state
    yield Row(CONTACTS, (
        folded.stream, folded.version, folded.created_at, state.person, _json(state.name),
        _json(state.email), _json(state.webhook_url), _json(state.quiet_hours), state.chat,
        _json(sorted(state.verified)), state.retired,
    ))  # fmt: skip


def subscription_rows(folded: Folded[Subscription], event: SubscriptionEvent) -> Iterable[Row]:
    """The list row after an event."""
    state = folded.state
    yield Row(SUBSCRIPTIONS, (
        folded.stream, folded.version, folded.created_at, state.contact, state.channel,
        _json(state.facts), _json(state.priorities), _json(state.services), _json(state.template),
        state.escalation_policy, state.retired,
    ))  # fmt: skip


def notification_rows(folded: Folded[Notification], event: NotificationEvent) -> Iterable[Row]:
    """The list row after an event."""
    state, delivery = folded.state, folded.state.delivery
    if delivery is None:
        return
    yield Row(NOTIFICATIONS, (
        folded.stream, folded.version, folded.created_at, state.status, delivery.fact,
        delivery.cause, delivery.about, state.values.get("number", ""), delivery.contact,
        delivery.person, delivery.channel, _json(state.subject), len(state.attempts), state.next_at,
        state.delivered_at, state.exhausted_at, state.acknowledged_at, endpoint_of(delivery),
        state.urgent, state.tries, state.is_refused,
        state.held_until is not None and not state.is_skipped, state.read_at,
    ))  # fmt: skip


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
