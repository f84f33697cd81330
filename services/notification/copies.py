"""What the others tell of their incidents and problems, and our copy of it: what messages say."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from shared.follower import Fact

STATUS_AFTER: dict[str, str | None] = {
    "incident.declared": "new",
    "incident.categorised": None,
    "incident.prioritised": None,
    "incident.assigned": None,
    "incident.acknowledged": "in_progress",
    "incident.work_started": "in_progress",
    "incident.held": "on_hold",
    "incident.resumed": "in_progress",
    "incident.diagnosed": None,
    "incident.mitigated": None,
    "incident.resolved": "resolved",
    "incident.reopened": "in_progress",
    "incident.closed": "closed",
    "incident.cancelled": "cancelled",
    "incident.replied": None,
    "incident.escalated": None,
    "incident.milestone_corrected": None,
    "incident.merged": "merged",
    "incident.unmerged": None,
    "incident.sla_warned": None,
    "incident.sla_breached": None,
    "incident.major_proposed": None,
    "incident.major_accepted": None,
    "incident.major_rejected": None,
    "incident.major_demoted": None,
    "incident.role_assigned": None,
    "incident.role_handed_over": None,
    "incident.responder_requested": None,
    "incident.update_posted": None,
    "incident.update_due": None,
    "incident.update_overdue": None,
    "incident.closing_notice": None,
    "incident.regulatory_recorded": None,
    "incident.regulatory_warned": None,
    "incident.regulatory_overdue": None,
    "incident.action_item_due": None,
    "incident.action_item_overdue": None,
    "incident.workaround_offered": None,
    "incident.workaround_withdrawn": None,
    "incident.problem_moved": None,
    "incident.recurrence_found": None,
    "problem.logged": "new",
    "problem.assessed": "assessing",
    "problem.confirmed": "root_cause_analysis",
    "problem.assigned": None,
    "problem.prioritised": None,
    "problem.root_cause_recorded": None,
    "problem.workaround_published": None,
    "problem.workaround_withdrawn": None,
    "problem.fix_planned": "fix_in_progress",
    "problem.change_recorded": None,
    "problem.resolved": "resolved",
    "problem.fix_rejected": "fix_in_progress",
    "problem.closed": "closed",
    "problem.risk_accepted": "risk_accepted",
    "problem.risk_review_due": None,
    "problem.fix_ineffective": None,
    "problem.marked_duplicate": "duplicate",
    "problem.cancelled": "cancelled",
    "problem.reanalysis_begun": "root_cause_analysis",
}
"""The facts one can subscribe to, and the status each leads to (None leaves it)."""

_FIND = "select id, number, title, status, priority, service from subject_copies where id = $1"
_NAMED = _FIND.replace("where id", "where number")


class Copy(msgspec.Struct, frozen=True):
    """An incident or a problem as last told of."""

    id: UUID
    number: str = ""
    title: str = ""
    status: str = ""
    priority: int | None = None
    service: str | None = None


_BY_HAND = {"INC": "incident.message", "PRB": "problem.message", "": "notification.message"}
"""What somebody writes is no fact of another service; by the beginning of what it is about."""


class _Aside(msgspec.Struct, frozen=True):
    """A fact of a side stream: its subject is not what it is about."""

    problem: UUID | None = None
    incident: UUID | None = None


_ASIDE = {
    "problem.risk_review_due",
    "problem.fix_ineffective",
    "incident.sla_warned",
    "incident.sla_breached",
    "incident.regulatory_warned",
    "incident.regulatory_overdue",
    "incident.action_item_due",
    "incident.action_item_overdue",
    "incident.workaround_offered",
    "incident.update_due",
    "incident.update_overdue",
    "incident.workaround_withdrawn",
    "incident.problem_moved",
    "incident.recurrence_found",
}

_WORDS = {"incident.update_posted"}
"""Facts whose `status` is a sentence for people, not the incident's."""


class Told(msgspec.Struct, frozen=True):
    """What a fact may say that we keep."""

    number: str | msgspec.UnsetType = msgspec.UNSET
    title: str | msgspec.UnsetType = msgspec.UNSET
    priority: int | msgspec.UnsetType | None = msgspec.UNSET
    service: str | msgspec.UnsetType | None = msgspec.UNSET
    status: str | msgspec.UnsetType = msgspec.UNSET


def type_of(fact: str) -> str:
    """The name of a fact on a feed."""
    return f"tocsin.{fact}.v1"


def name_of(fact: Fact) -> str:
    """What people call a fact, such as incident.declared."""
    return fact.type.removeprefix("tocsin.").removesuffix(".v1")


def by_hand(copy: Copy) -> str:
    """The name of what somebody writes about this."""
    return _BY_HAND[copy.number.partition("-")[0]]


def is_by_hand(fact: str) -> bool:
    """Whether this is the name of what somebody wrote."""
    return fact in _BY_HAND.values()


def about(fact: Fact) -> UUID:
    """The incident or problem a fact is about."""
    if name_of(fact) not in _ASIDE:
        return fact.subject
    told = fact.read(_Aside)
    named = told.incident if name_of(fact).startswith("incident.") else told.problem
    return named or fact.subject


def after(copy: Copy, fact: Fact) -> Copy:
    """The copy once this fact is known."""
    if name_of(fact) in _WORDS:
        return copy
    told = msgspec.structs.asdict(fact.read(Told))
    said: dict[str, Any] = {n: v for n, v in told.items() if v is not msgspec.UNSET}
    status = STATUS_AFTER[name_of(fact)] or copy.status
    return msgspec.structs.replace(copy, **{"status": status} | said)


def values(copy: Copy, name: str, at: datetime) -> dict[str, str]:
    """What templates can say of a fact of this name, and when it happened."""
    return {
        "id": str(copy.id),
        "number": copy.number,
        "title": copy.title,
        "status": copy.status.replace("_", " "),
        "priority": "not set" if copy.priority is None else str(copy.priority),
        "service": copy.service or "not set",
        "fact": name,
        "happened": name.partition(".")[2].replace("_", " "),
        "happened_at": at.strftime("%Y-%m-%d %H:%M:%S UTC"),
    }


async def find(pool: asyncpg.Pool, subject: UUID) -> Copy:
    """The stored copy; an empty one where nothing was told yet."""
    row = await pool.fetchrow(_FIND, subject)
    return Copy(**dict(row)) if row else Copy(subject)


async def named(pool: asyncpg.Pool, name: str) -> Copy | None:
    """The stored copy of one by its number or its id; None where there is none."""
    try:
        row = await pool.fetchrow(_FIND, UUID(name))
    except ValueError:
        row = await pool.fetchrow(_NAMED, name)
    return Copy(**dict(row)) if row else None
