"""The known error: its state, its commands, and how each event changes it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

from services.problem.known_errors import events as e
from services.problem.known_errors.events import KnownErrorEvent
from shared.domain import Personal, State, changed
from shared.errors import Refused


class KnownErrorStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


class KnownError(State, frozen=True):
    """A known error as its events tell it; texts are sealed."""

    status: KnownErrorStatus | None = None
    number: int = 0
    revision: int = 0
    title: str = ""
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
    problem: UUID | None = None
    raised_from: UUID | None = None
    fixed: bool = False
    fix_note: Personal | None = None
    published_at: datetime | None = None
    superseded_by: UUID | None = None
    superseded_number: int | None = None
    retired_because: Personal | None = None
    expired: bool = False


_TOLD = (
    "number", "title", "error_code", "services", "items", "problem", "raised_from", "valid_to",
)  # fmt: skip

COMMANDS = {
    "revise": (KnownErrorStatus.DRAFT, KnownErrorStatus.PUBLISHED),
    "publish": (KnownErrorStatus.DRAFT,),
    "supersede": (KnownErrorStatus.PUBLISHED,),
    "retire": (KnownErrorStatus.DRAFT, KnownErrorStatus.PUBLISHED),
    "mark-fixed": (KnownErrorStatus.PUBLISHED,),
    "record-use": (KnownErrorStatus.PUBLISHED,),
}
"""Each command, and in which status it is possible."""


def refusal(known_error: KnownError, command: str) -> str | None:
    """Why this command is not possible in this state; None where it is."""
    if known_error.status is None:
        return "the known error does not exist"
    if known_error.status in COMMANDS[command]:
        return None
    if known_error.status is KnownErrorStatus.SUPERSEDED:
        number = known_error.superseded_number
        other = "another known error" if number is None else f"KE-{number}"
        return f"{other} has taken its place; use that one"
    if known_error.status is KnownErrorStatus.DRAFT:
        return "the known error is a draft; publish it first"
    return f"the known error is {known_error.status}"


def require(known_error: KnownError, command: str) -> None:
    """Raises Refused where the command is not possible in this state."""
    if (reason := refusal(known_error, command)) is not None:
        raise Refused(reason)


def draft(known_error: KnownError, /, *, number: int, **said: Any) -> Sequence[KnownErrorEvent]:
    if known_error.status is not None:
        raise Refused("the known error exists already")
    return [e.Drafted(number=number, **said)]


def revise(known_error: KnownError, /, *, at: datetime, **said: Any) -> Sequence[KnownErrorEvent]:
    """Say the whole anew; of a published one that is its next revision, in force at once."""
    require(known_error, "revise")
    is_published = known_error.status is KnownErrorStatus.PUBLISHED
    revised = e.Revised(revision=known_error.revision + is_published, at=at, **said)
    if is_published:
        _require_of_use(revised, at)
    return [revised]


def publish(known_error: KnownError, *, at: datetime) -> Sequence[KnownErrorEvent]:
    if known_error.status is KnownErrorStatus.PUBLISHED:
        return []
    require(known_error, "publish")
    _require_of_use(known_error, at)
    told = {name: getattr(known_error, name) for name in _TOLD}
    return [e.Published(revision=known_error.revision + 1, at=at, **told)]


def supersede(known_error: KnownError, *, by: UUID, number: int) -> Sequence[KnownErrorEvent]:
    require(known_error, "supersede")
    return [e.Superseded(by=by, number=number)]


def require_published(known_error: KnownError) -> None:
    """Raises Refused where it cannot take another's place."""
    if known_error.status is not KnownErrorStatus.PUBLISHED:
        raise Refused(f"KE-{known_error.number} is not published, so it takes no other's place")


def retire(known_error: KnownError, *, reason: str) -> Sequence[KnownErrorEvent]:
    if known_error.status is KnownErrorStatus.RETIRED:
        return []
    require(known_error, "retire")
    return [e.Retired(reason=reason)]


def expire(known_error: KnownError, *, now: datetime) -> Sequence[KnownErrorEvent]:
    """By its timer: unless it has ended, or its time was put off meanwhile."""
    due = known_error.valid_to is not None and known_error.valid_to <= now
    is_published = known_error.status is KnownErrorStatus.PUBLISHED
    return [e.Retired(expired=True)] if due and is_published else []


def mark_fixed(known_error: KnownError, *, note: str | None = None) -> Sequence[KnownErrorEvent]:
    require(known_error, "mark-fixed")
    return [] if known_error.fixed else [e.FixMarked(note=note)]


def _require_of_use(said: KnownError | e.Revised, at: datetime) -> None:
    """What is published helps somebody: it says how to know it, and what is known of it."""
    unmet = []
    if said.symptom is None:
        unmet.append(("symptom", "say how people recognise it"))
    if said.cause is None and said.workaround is None and said.solution is None:
        unmet.append(("workaround", "say what is behind it, or what helps: a cause, a workaround"))
    if said.valid_to is not None and said.valid_to <= at:
        unmet.append(("valid_to", "it would be over at once: its valid_to has passed"))
    if unmet:
        raise Refused("the known error is not ready to be published", unmet=unmet)


def evolve(known_error: KnownError, event: KnownErrorEvent) -> KnownError:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case e.Drafted():  # by effective time, something may have happened before
            status = known_error.status or KnownErrorStatus.DRAFT
            return changed(known_error, status=status, **event.fields())
        case e.Revised():
            said = event.fields()
            del said["at"]
            return changed(known_error, **said)
        case e.Published(revision=revision, at=at):
            status = KnownErrorStatus.PUBLISHED
            return changed(known_error, status=status, revision=revision, published_at=at)
        case e.Superseded(by=by, number=number):
            status = KnownErrorStatus.SUPERSEDED
            return changed(known_error, status=status, superseded_by=by, superseded_number=number)
        case e.Retired(reason=reason, expired=expired):
            status = KnownErrorStatus.RETIRED
            return changed(known_error, status=status, retired_because=reason, expired=expired)
        case e.FixMarked(note=note):
            return changed(known_error, fixed=True, fix_note=note)
        case _:
            assert_never(event)
