"""What this service tells the others: who was reached, and who was not.

Public data holds nothing personal; a changed shape is a new type beside the old one.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.notification import events as e
from services.notification.contact_events import ContactRetired, ContactSet
from services.notification.escalation.published import ESCALATION_PUBLISHED
from services.notification.teams.events import TeamRetired, TeamSet
from shared.feed import Published


class ContactTold(msgspec.Struct, frozen=True):
    """That a person can be reached; how is nobody else's affair."""

    person: str


class TeamTold(msgspec.Struct, frozen=True):
    """That there is such a team; who is in it is nobody else's affair."""

    key: str
    name: str


class TeamGone(msgspec.Struct, frozen=True):
    key: str


class Nothing(msgspec.Struct, frozen=True):
    """That it happened is all there is to tell."""


class Outcome(msgspec.Struct, frozen=True):
    """How it ended. `cause` is the event told of, `about` the incident or problem it is of."""

    cause: UUID
    fact: str
    about: UUID
    contact: UUID
    person: str
    channel: str
    at: datetime


class Failed(Outcome, frozen=True):
    """One attempt that failed; others may follow."""

    attempt: int
    reason: str
    permanent: bool


class Acknowledged(msgspec.Struct, frozen=True):
    """`by` has seen what was sent to `person` about `cause`; a page has its `escalation`.

    `matter`, of a page: what it was sent for; of a request that somebody come, the request's id.
    """

    cause: UUID
    fact: str
    about: UUID
    contact: UUID
    person: str
    channel: str
    by: str
    at: datetime
    escalation: UUID | None = None
    matter: UUID | None = None


def _outcome(happened: e.Delivered | e.Exhausted) -> Outcome:
    return Outcome(**_told(happened))


def _failed(happened: e.Failed) -> Failed:
    return Failed(
        **_told(happened),
        attempt=happened.attempt,
        reason=happened.reason,
        permanent=happened.permanent,
    )


def _told(happened: e.Delivered | e.Exhausted | e.Failed) -> dict[str, Any]:
    names = (name for name in Outcome.__struct_fields__ if name != "at")
    return {name: getattr(happened.delivery, name) for name in names} | {"at": happened.at}


def _acknowledged(happened: e.Acknowledged) -> Acknowledged | Nothing:
    if happened.delivery is None:
        return Nothing()
    told = happened.delivery.__struct_fields__
    return Acknowledged(
        **{name: getattr(happened.delivery, name) for name in told},
        by=happened.by,
        at=happened.at,
        escalation=happened.escalation,
        matter=happened.matter,
    )


PUBLISHED: Published = {
    TeamSet: lambda h: TeamTold(h.key, h.name),
    TeamRetired: lambda h: TeamGone(h.key),
    ContactSet: lambda h: ContactTold(h.person),
    ContactRetired: lambda h: Nothing(),
    e.Delivered: _outcome,
    e.Failed: _failed,
    e.Exhausted: _outcome,
    e.Acknowledged: _acknowledged,
    **ESCALATION_PUBLISHED,
}
