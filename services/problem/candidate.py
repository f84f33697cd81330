"""A candidate: a trend among incidents that may be a problem, with the evidence frozen."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

import msgspec

from shared.domain import FREE_TEXT, Event, Personal, State, changed, event
from shared.errors import Refused


class CandidateStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    MERGED = "merged"


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that matched; `event` is the fact by which it became one of the trend.

    `position` is that fact's place in the log of incidents, `at` when the incident happened.
    """

    incident: UUID
    number: str
    title: str
    event: UUID
    at: datetime
    position: int = 0


@event("candidate.raised")
class Raised(Event, frozen=True):
    rule: str
    rule_version: int
    window_from: datetime
    window_until: datetime
    alike: dict[str, str]  # what the incidents have in common
    matches: tuple[Match, ...]
    like: UUID | None = None  # the incident whose title the others' are like
    raised_by: int = 0  # the position, in the log of incidents, of the fact that made it a trend


@event("candidate.joined")
class Joined(Event, frozen=True):
    """More incidents of the trend while nobody has decided yet."""

    matches: tuple[Match, ...]


@event("candidate.accepted")
class Accepted(Event, frozen=True):
    problem: UUID
    number: int


@event("candidate.dismissed", personal={"reason": FREE_TEXT})
class Dismissed(Event, frozen=True):
    reason: Personal


@event("candidate.merged")
class Merged(Event, frozen=True):
    problem: UUID
    number: int


CandidateEvent = Raised | Joined | Accepted | Dismissed | Merged


class Candidate(State, frozen=True):
    """A candidate as its events tell it."""

    status: CandidateStatus | None = None
    rule: str = ""
    rule_version: int = 0
    window_from: datetime | None = None
    window_until: datetime | None = None
    alike: dict[str, str] = {}
    matches: tuple[Match, ...] = ()
    like: UUID | None = None
    raised_by: int = 0
    problem: UUID | None = None
    number: int | None = None  # the problem's
    reason: Personal | None = None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """When the first and the last of its incidents happened, once it was raised."""
        if self.window_from is None or self.window_until is None:
            raise ValueError("a candidate that was never raised has no window")
        return self.window_from, self.window_until

    @property
    def incidents(self) -> tuple[UUID, ...]:
        """The incidents that matched."""
        return tuple(match.incident for match in self.matches)


def refusal(candidate: Candidate) -> str | None:
    """Why nothing can be decided about it; None while it is open."""
    if candidate.status is None:
        return "the candidate does not exist"
    if candidate.status is CandidateStatus.OPEN:
        return None
    return f"the candidate is {candidate.status}"


def _require_open(candidate: Candidate) -> None:
    if (reason := refusal(candidate)) is not None:
        raise Refused(reason)


def raise_candidate(candidate: Candidate, *, raised: Raised) -> Sequence[CandidateEvent]:
    return [] if candidate.status is not None else [raised]


def join(candidate: Candidate, *, matches: Sequence[Match]) -> Sequence[CandidateEvent]:
    """Add incidents to the evidence; each counts once. Decided ones are as they were decided."""
    if candidate.status is not CandidateStatus.OPEN:
        return []
    known = {match.incident.int for match in candidate.matches}
    fresh = {m.incident.int: m for m in matches if m.incident.int not in known}
    return [Joined(matches=tuple(fresh.values()))] if fresh else []


def accept(candidate: Candidate, *, problem: UUID, number: int) -> Sequence[CandidateEvent]:
    _require_open(candidate)
    return [Accepted(problem=problem, number=number)]


def dismiss(candidate: Candidate, *, reason: str) -> Sequence[CandidateEvent]:
    _require_open(candidate)
    return [Dismissed(reason=reason)]


def merge(candidate: Candidate, *, problem: UUID, number: int) -> Sequence[CandidateEvent]:
    _require_open(candidate)
    return [Merged(problem=problem, number=number)]


def evolve(candidate: Candidate, event: CandidateEvent) -> Candidate:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case Raised():
            return changed(candidate, status=CandidateStatus.OPEN, **event.fields())
        case Joined():
            return _with(candidate, event.matches)
        case Accepted():
            return changed(candidate, status=CandidateStatus.ACCEPTED, **event.fields())
        case Dismissed():
            return changed(candidate, status=CandidateStatus.DISMISSED, **event.fields())
        case Merged():
            return changed(candidate, status=CandidateStatus.MERGED, **event.fields())
        case _:
            assert_never(event)


def _with(candidate: Candidate, more: tuple[Match, ...]) -> Candidate:
    times = [match.at for match in more]
    return changed(
        candidate,
        matches=candidate.matches + more,
        window_from=min(filter(None, (candidate.window_from, *times))),
        window_until=max(filter(None, (candidate.window_until, *times))),
    )
