"""How escalation policies and escalations look to a caller."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from services.notification.escalation.escalation import Escalation, Status
from services.notification.escalation.events import Missed, Step
from services.notification.keyed.rows import KeyedItem
from shared.aggregate import Folded
from shared.http.managed import Item, head_of


class EscalationPolicyView(KeyedItem, kw_only=True):
    """Who is paged in which order; the steps are taken once, and `repeat` times more."""

    steps: list[Step]
    repeat: int


class EscalationPolicyPage(msgspec.Struct, kw_only=True):
    items: list[EscalationPolicyView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class EscalationItem(Item, kw_only=True):
    """An escalation; `about` is the incident, `taken` counts steps over all rounds."""

    status: Status
    about: UUID
    number: str
    fact: str
    cause: UUID
    policy: str | None
    taken: int
    next_at: datetime | None
    ended_at: datetime | None
    acknowledged_by: str | None


class EscalationView(EscalationItem, kw_only=True):
    """An escalation alone: who was paged by which notifications, and who was missed and why."""

    policy_version: int | None
    steps: list[Step]
    repeat: int
    people: list[str]
    notifications: list[UUID]
    missed: list[Missed]
    stopped_because: str | None


class EscalationPage(msgspec.Struct, kw_only=True):
    items: list[EscalationItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


_SAME = (
    "status", "policy", "policy_version", "steps", "repeat", "taken", "next_at", "people", "missed",
    "ended_at", "acknowledged_by", "stopped_because",
)  # fmt: skip


def escalation_view(folded: Folded[Escalation]) -> EscalationView:
    """An escalation alone."""
    state = folded.state
    occasion = msgspec.to_builtins(state.occasion)
    said = {name: msgspec.to_builtins(getattr(state, name)) for name in _SAME}
    told = {name: occasion[name] for name in ("about", "fact", "cause")}
    told |= {"number": occasion["values"].get("number", ""), "notifications": state.pages}
    return msgspec.convert(head_of(folded) | said | told, EscalationView)


def escalation_item(row: asyncpg.Record) -> EscalationItem:
    """The item of a list's row."""
    return msgspec.convert(dict(row) | {"position": row["from_position"]}, EscalationItem)
