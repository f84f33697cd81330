"""What can happen to a known error. These names and fields are stored for ever.

What it says is stored whole each time it is said: texts are sealed, a title is plain as a problem's
is. `at` is when it happened. A default is only ever "not stated"; it is not stored.
"""

from datetime import datetime
from uuid import UUID

from shared.domain import FREE_TEXT, Event, Personal, event

TEXTS = ("symptom", "cause", "workaround", "solution")
_PERSONAL = dict.fromkeys(TEXTS, FREE_TEXT)


class Content(Event, frozen=True, kw_only=True):
    """What a known error says from now on, as a whole."""

    title: str
    symptom: Personal | None = None
    cause: Personal | None = None
    workaround: Personal | None = None
    solution: Personal | None = None
    error_code: str | None = None
    services: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    product: str | None = None
    product_version: str | None = None
    tags: tuple[str, ...] = ()
    valid_to: datetime | None = None


@event("known_error.drafted", personal=_PERSONAL)
class Drafted(Content, frozen=True, kw_only=True):
    """`raised_from` is the incident whose facts its problem took over."""

    number: int
    problem: UUID | None = None
    raised_from: UUID | None = None


@event("known_error.revised", personal=_PERSONAL)
class Revised(Content, frozen=True, kw_only=True):
    """`revision` counts what was published; 0 is a draft's."""

    revision: int
    at: datetime


@event("known_error.published")
class Published(Event, frozen=True):
    """With what others are told of it: what they know it by, and the incident behind it."""

    number: int
    title: str
    revision: int
    at: datetime
    error_code: str | None = None
    services: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    problem: UUID | None = None
    raised_from: UUID | None = None
    valid_to: datetime | None = None


@event("known_error.superseded")
class Superseded(Event, frozen=True):
    by: UUID
    number: int  # of the one that takes its place


@event("known_error.retired", personal={"reason": FREE_TEXT})
class Retired(Event, frozen=True):
    """By a person with a reason, or because its time has come."""

    reason: Personal | None = None
    expired: bool = False


@event("known_error.fix_marked", personal={"note": FREE_TEXT})
class FixMarked(Event, frozen=True):
    """A permanent fix exists; it stays published for whoever has not got that yet."""

    note: Personal | None = None


KnownErrorEvent = Drafted | Revised | Published | Superseded | Retired | FixMarked
