"""What is told of major incidents is what the notification service reads."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.incident.major import events as m
from services.incident.major import reminders as rm
from services.incident.published import PUBLISHED
from services.notification.audiences.telling import Addressed
from services.notification.copies import STATUS_AFTER
from services.notification.escalation.paging import Audiences, Overdue, Requested, Role, Turned
from shared.domain import Event
from tests.incident.major.given import NOON, PLAN, asked, sent

ID = UUID(int=7)
LATE: dict[str, Any] = {"incident": ID, "audience": "management", "due_at": NOON, "at": NOON}
TOLD: list[tuple[Event, type[Any], dict[str, Any]]] = [
    (asked(5, "cem"), Requested, {"person": "bob", "message": "Come", "within_minutes": 5}),
    (
        m.RequestAnswered(
            request=ID, accepted=False, person="bob", at=NOON, next=m.Target(schedule="db"), step=1
        ),
        Turned,
        {"request": ID, "accepted": False, "next": {"schedule": "db"}},
    ),
    (
        rm.RequestTimedOut(
            incident=ID, request=ID, step=0, at=NOON, asked=m.Target(person="bob"),
            next=m.Target(person="ada"),
        ),
        Turned,
        {"request": ID, "incident": ID, "next": {"person": "ada"}},
    ),
    (
        m.RoleAssigned(role=m.MajorRole.SCRIBE, person="sam", at=NOON),
        Role,
        {"role": "scribe", "person": "sam"},
    ),
    (
        rm.UpdateOverdue(**LATE, person="ada"),
        Overdue,
        {"incident": ID, "audience": "management", "due_at": NOON, "person": "ada"},
    ),
    (sent(1), Audiences, {"audiences": ("management", "affected-users")}),
    (
        m.UpdateSnoozed(audience="management", due_at=NOON, was=NOON, at=NOON),
        Audiences,
        {"audience": "management"},
    ),
    (
        m.ClosingNotice(audiences=("management",), at=NOON, ways=PLAN[:1]),
        Addressed,
        {"audiences": ("management",)},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("event", "kind", "read"), TOLD, ids=lambda each: type(each).__name__)
def test_each_fact_is_read_as_it_is_told(event: Event, kind: Any, read: dict[str, Any]) -> None:
    told = msgspec.json.encode(PUBLISHED[type(event)](event))
    found = msgspec.to_builtins(
        msgspec.json.decode(told, type=kind), builtin_types=(UUID, datetime)
    )
    for name, value in read.items():
        known = found[name]
        if isinstance(known, dict):
            known = {n: v for n, v in known.items() if v is not None}
        assert (tuple(known) if isinstance(value, tuple) else known) == value


def test_every_fact_of_a_major_incident_that_one_can_subscribe_to_is_told() -> None:
    topics = {kind.topic for kind in PUBLISHED}
    heard = {name for name in STATUS_AFTER if name.startswith("incident.")}
    assert heard <= topics
