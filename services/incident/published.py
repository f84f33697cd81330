"""What this service tells the others. Everything else in its log is its own affair.

Public data holds nothing personal; a changed shape is a new type beside the old one.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.incident import events as e
from services.incident.api_key import ApiKeyCreated, ApiKeyRevoked
from services.incident.backfill import events as b
from services.incident.catalogue.published import CATALOGUE_PUBLISHED
from services.incident.facts import SlaBreached, SlaWarned
from services.incident.major.published import MAJOR_PUBLISHED
from services.incident.problem_feed.published import PROBLEM_FEED_PUBLISHED
from services.incident.regulators.published import REGULATORS_PUBLISHED
from services.incident.relations import events as r
from services.incident.review.published import REVIEWS_PUBLISHED
from shared.domain import Event
from shared.feed import Published
from shared.policy import PolicySet


class Declared(msgspec.Struct, frozen=True):
    number: str
    title: str
    reporter: str
    service: str | None
    item: str | None
    category: str | None
    subcategory: str | None
    impact: int | None
    urgency: int | None
    priority: int | None
    group: str | None
    assigned_to: str | None
    source: str | None
    started_at: datetime | None
    detected_at: datetime | None
    external_ref: str | None
    tags: tuple[str, ...]


class Categorised(msgspec.Struct, frozen=True):
    category: str | None
    subcategory: str | None
    service: str | None
    item: str | None


class Prioritised(msgspec.Struct, frozen=True):
    impact: int | None
    urgency: int | None
    priority: int | None


class Assigned(msgspec.Struct, frozen=True):
    group: str | None
    person: str | None


class At(msgspec.Struct, frozen=True):
    at: datetime


class Held(msgspec.Struct, frozen=True):
    reason: str
    problem: UUID | None


class Resolved(msgspec.Struct, frozen=True):
    code: str | None
    known_error: str | None
    at: datetime


class Restricted(msgspec.Struct, frozen=True):
    people: tuple[str, ...]
    roles: tuple[str, ...]
    teams: tuple[str, ...]


class Reopened(msgspec.Struct, frozen=True):
    by_reporter: bool


class StatusStated(msgspec.Struct, frozen=True):
    status: str


class Backfilled(msgspec.Struct, frozen=True):
    system: str
    steps: int


class Escalated(msgspec.Struct, frozen=True):
    kind: str
    group: str | None
    person: str | None


class MilestoneCorrected(msgspec.Struct, frozen=True):
    milestone: str
    to: datetime
    was: datetime | None


class Child(msgspec.Struct, frozen=True):
    child: UUID
    child_number: str


class Parent(msgspec.Struct, frozen=True):
    parent: UUID
    parent_number: str


class Merged(msgspec.Struct, frozen=True):
    into: UUID
    into_number: str


class Unmerged(msgspec.Struct, frozen=True):
    """It is on its own again; `problem` is what it waits for again, where that is one."""

    out_of: UUID
    out_of_number: str
    status: str
    problem: UUID | None


class Other(msgspec.Struct, frozen=True):
    incident: UUID
    incident_number: str


class Linked(msgspec.Struct, frozen=True):
    kind: str
    reference: str
    id: UUID | None
    caused_by: bool


class Unlinked(msgspec.Struct, frozen=True):
    kind: str
    reference: str


class Policy(msgspec.Struct, frozen=True):
    name: str
    document: dict[str, Any]


class SlaPassed(msgspec.Struct, frozen=True):
    """A target's warning or breach; `round` counts the clocks of its kind before this one."""

    incident: UUID
    kind: str
    round: int
    target: str
    policy_version: int
    at: datetime
    due_at: datetime | None


class KeyCreated(msgspec.Struct, frozen=True):
    """`hash` is SHA-256 of the secret: enough to know the key by, not to make it."""

    id: str
    name: str
    hash: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    expires_at: datetime | None


class KeyRevoked(msgspec.Struct, frozen=True):
    id: str
    name: str
    at: datetime


class Nothing(msgspec.Struct, frozen=True):
    """That it happened is all there is to tell."""


def _declared(happened: e.Declared) -> Declared:
    told: dict[str, Any] = {n: getattr(happened, n) for n in Declared.__struct_fields__}
    return Declared(**(told | {"number": f"INC-{happened.number}"}))


def _key_created(created: ApiKeyCreated) -> KeyCreated:
    told = {name: getattr(created, name) for name in KeyCreated.__struct_fields__}
    return KeyCreated(**told)


def _at(happened: Any) -> At:
    return At(happened.at)


def _nothing(happened: Event) -> Nothing:
    return Nothing()


PUBLISHED: Published = {
    e.Declared: _declared,
    e.Categorised: lambda h: Categorised(h.category, h.subcategory, h.service, h.item),
    e.Prioritised: lambda h: Prioritised(h.impact, h.urgency, h.priority),
    e.Assigned: lambda h: Assigned(h.group, h.person),
    e.Acknowledged: _at,
    e.WorkStarted: _nothing,
    e.Held: lambda h: Held(h.reason, h.problem),
    e.Resumed: _nothing,
    e.Noted: _nothing,
    e.Diagnosed: _nothing,
    e.Mitigated: _at,
    e.Resolved: lambda h: Resolved(h.code, h.known_error, h.at),
    e.Reopened: lambda h: Reopened(h.by_reporter),
    e.Closed: _at,
    e.Cancelled: _nothing,
    b.StatusStated: lambda h: StatusStated(h.status),
    b.Backfilled: lambda h: Backfilled(h.system, h.steps),
    e.Replied: _nothing,
    e.Escalated: lambda h: Escalated(h.kind, h.group, h.person),
    e.MilestoneCorrected: lambda h: MilestoneCorrected(h.milestone, h.to, h.was),
    r.ChildAdded: lambda h: Child(h.child, f"INC-{h.number}"),
    r.ChildRemoved: lambda h: Child(h.child, f"INC-{h.number}"),
    r.ParentAdded: lambda h: Parent(h.parent, f"INC-{h.number}"),
    r.ParentRemoved: lambda h: Parent(h.parent, f"INC-{h.number}"),
    r.Merged: lambda h: Merged(h.into, f"INC-{h.number}"),
    r.Unmerged: lambda h: Unmerged(h.out_of, f"INC-{h.number}", h.status, h.problem),
    r.Absorbed: lambda h: Other(h.incident, f"INC-{h.number}"),
    r.Released: lambda h: Other(h.incident, f"INC-{h.number}"),
    r.Linked: lambda h: Linked(h.kind, h.reference, h.id, h.caused_by),
    r.Unlinked: lambda h: Unlinked(h.kind, h.reference),
    r.AttachmentAdded: _nothing,
    r.AttachmentRemoved: _nothing,
    e.Restricted: lambda h: Restricted(h.people, h.roles, h.teams),
    e.Unrestricted: _nothing,
    SlaWarned: lambda h: SlaPassed(**h.fields()),
    SlaBreached: lambda h: SlaPassed(**h.fields()),
    PolicySet: lambda h: Policy(h.name, h.document),
    ApiKeyCreated: _key_created,
    ApiKeyRevoked: lambda h: KeyRevoked(h.id, h.name, h.at),
    **CATALOGUE_PUBLISHED,
    **MAJOR_PUBLISHED,
    **PROBLEM_FEED_PUBLISHED,
    **REGULATORS_PUBLISHED,
    **REVIEWS_PUBLISHED,
}
