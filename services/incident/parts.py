"""Parts of an incident's state that are more than a value. Texts are sealed."""

from datetime import datetime
from uuid import UUID

from services.incident.events import EscalationKind
from services.incident.relations.events import LinkKind
from services.incident.rules import Status
from shared.domain import Personal, State


class Link(State, frozen=True):
    """A thing elsewhere that it has to do with."""

    kind: LinkKind
    reference: str
    id: UUID | None = None
    url: str | None = None
    caused_by: bool = False


class Attachment(State, frozen=True):
    """Where a document is and what it must be, so that a changed one is noticed."""

    sha256: str
    url: str
    size: int
    media_type: str
    name: Personal | None = None


class Escalation(State, frozen=True):
    """The last one."""

    kind: EscalationKind
    reason: Personal
    at: datetime
    group: str | None = None
    person: str | None = None


class Stretches(State, frozen=True):
    """How long it was in each status; `since` when it is in the present one.

    None is the moment of its declaration, which the envelope knows: `first_ended` is when the
    status it was declared in was left.
    """

    seconds: dict[Status, float] = {}
    since: datetime | None = None
    first_ended: datetime | None = None


class Restriction(State, frozen=True):
    """Who may know of it beside its participants, and why only they."""

    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    reason: Personal = ""
