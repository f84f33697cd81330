"""The escalations of this service and their policies: ledgers, timers, the row behind the list."""

from collections.abc import Iterable
from datetime import timedelta
from typing import assert_never

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid

from services.notification.escalation import escalation, policy
from services.notification.escalation.escalation import Escalation
from services.notification.escalation.events import (
    Begun,
    EscalationAcknowledged,
    EscalationEvent,
    EscalationPolicyEvent,
    NobodyAnswered,
    NobodyToTell,
    StepTaken,
    Stopped,
)
from services.notification.escalation.policy import EscalationPolicy
from services.notification.keyed.rows import keyed_rows
from shared.aggregate import Aggregate, Alarm, Folded, Row
from shared.ledger import Ledger
from shared.store.store import Store
from shared.store.tables import version_columns

ESCALATE = "escalate"
SILENCE = "silence"
POLICIES_OF_ESCALATION = "escalation policies"
"""Among a service's parts, its `EscalationPolicies`."""

ESCALATIONS = Table(
    "escalations",
    MetaData(),
    *version_columns(),
    Column("status", Text, nullable=False),
    Column("about", Uuid, nullable=False),
    Column("matter", Uuid),
    Column("number", Text, nullable=False),
    Column("fact", Text, nullable=False),
    Column("cause", Uuid, nullable=False),
    Column("policy", Text),
    Column("taken", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("acknowledged_by", Text),
)


def _rows(folded: Folded[Escalation], event: EscalationEvent) -> Iterable[Row]:
    state, occasion = folded.state, folded.state.occasion
    if occasion is None:
        return
    yield Row(ESCALATIONS, (
        folded.stream, folded.version, folded.created_at, state.status, occasion.about,
        occasion.matter, occasion.values.get("number", ""), occasion.fact, occasion.cause,
        state.policy, state.taken, state.next_at, state.ended_at, state.acknowledged_by,
    ))  # fmt: skip


def _alarms(before: Escalation, event: EscalationEvent, after: Escalation) -> Iterable[Alarm]:
    match event:
        case Begun():
            yield Alarm(ESCALATE, timedelta(0))
        case StepTaken():
            yield Alarm(ESCALATE, event.until - event.at)
        case EscalationAcknowledged() | Stopped():
            yield Alarm(ESCALATE, None)
            yield Alarm(SILENCE, timedelta(0))
        case NobodyAnswered() | NobodyToTell():
            yield Alarm(ESCALATE, None)
        case _:
            assert_never(event)


ESCALATION = Aggregate("escalation", Escalation(), escalation.evolve, rows=_rows, alarms=_alarms)
ESCALATION_POLICY = Aggregate(
    "escalation policy", EscalationPolicy(), policy.evolve, rows=keyed_rows
)


class Escalations(Ledger[Escalation, EscalationEvent]):
    """The ledger of escalations."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, ESCALATION)


class EscalationPolicies(Ledger[EscalationPolicy, EscalationPolicyEvent]):
    """The ledger of their policies."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, ESCALATION_POLICY)
