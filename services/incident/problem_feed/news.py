"""News of a problem, and what it means for an incident: a command of it, a fact beside it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.incident import events as e
from services.incident.events import HoldReason, IncidentEvent, ResolutionCode
from services.incident.incident import Incident, link_key
from services.incident.problem_feed import facts as f
from services.incident.problem_feed.facts import FactOfProblem
from services.incident.relations.events import Linked, LinkKind, Unlinked
from services.incident.relations.links import MOST_LINKS
from services.incident.rules import OPEN, Status

Kind = Literal["linked", "unlinked", "hold", "moved", "offered", "withdrawn", "used", "recurred"]
_SUMMARY = "The problem it waited for is resolved."


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a problem, as long as it takes to tell every incident."""

    kind: Kind
    problem: UUID
    number: str
    position: int
    at: datetime
    title: str = ""
    status: str = ""
    revision: int = 0
    of: UUID | None = None
    of_number: str | None = None
    review_date: date | None = None
    helped: bool | None = None


def follow(
    incident: Incident, *, news: News, close_after_days: int | None = None
) -> Sequence[IncidentEvent]:
    """Whoever waits for the problem goes on with it; a major incident names its problems."""
    match news.kind:
        case "hold":
            return _held(incident, news.problem, news.at)
        case "linked":
            return _linked(incident, news)
        case "unlinked":
            return _unlinked(incident, news)
        case "moved" if waits_for(incident, news.problem):
            return _moved(news, close_after_days)
        case _:
            return []


def _moved(news: News, close_after_days: int | None) -> Sequence[IncidentEvent]:
    """Resolved with it, resumed, or waiting for another."""
    match news.status:
        case "resolved":
            return [_resolved(news, close_after_days)]
        case "cancelled":
            return [e.Resumed(at=news.at)]
        case "duplicate" if news.of is not None:
            return [e.Held(reason=HoldReason.AWAITING_PROBLEM, problem=news.of, at=news.at)]
        case _:
            return []


def _linked(incident: Incident, news: News) -> Sequence[IncidentEvent]:
    """A major incident closes with a problem: it names those that are said to be behind it."""
    if not incident.major.is_accepted or _names(incident, news):
        return []
    if len(incident.links) >= MOST_LINKS:
        return []
    return [Linked(kind=LinkKind.PROBLEM, reference=news.number, id=news.problem)]


def _unlinked(incident: Incident, news: News) -> Sequence[IncidentEvent]:
    is_named = link_key(LinkKind.PROBLEM, news.number) in incident.links
    gone = Unlinked(kind=LinkKind.PROBLEM, reference=news.number)
    waits = waits_for(incident, news.problem)
    return [
        *([gone] if is_named and incident.major.is_accepted else []),
        *([e.Resumed(at=news.at)] if waits else []),
    ]


def _resolved(news: News, close_after_days: int | None) -> IncidentEvent:
    return e.Resolved(
        code=ResolutionCode.BY_PROBLEM,
        summary=_SUMMARY,
        at=news.at,
        close_after_days=close_after_days,
    )


def waits_for(incident: Incident, problem: UUID) -> bool:
    """Whether it is on hold for this problem."""
    waits = (Status.ON_HOLD, HoldReason.AWAITING_PROBLEM, problem)
    return (incident.status, incident.hold_reason, incident.problem) == waits


def _held(incident: Incident, problem: UUID, at: datetime) -> Sequence[IncidentEvent]:
    """Whoever raises the problem may ask for it; one that is over does not wait for anything."""
    if incident.status not in OPEN or waits_for(incident, problem):
        return []
    return [e.Held(reason=HoldReason.AWAITING_PROBLEM, problem=problem, at=at)]


_FACTS: dict[Kind, type[FactOfProblem]] = {
    "linked": f.ProblemLinked,
    "unlinked": f.ProblemUnlinked,
    "moved": f.ProblemMoved,
    "offered": f.WorkaroundOffered,
    "withdrawn": f.WorkaroundWithdrawn,
    "used": f.WorkaroundUsed,
    "recurred": f.RecurrenceFound,
}


def fact_of(news: News, incident: UUID, before: Incident) -> FactOfProblem | None:
    """What its timeline tells; nothing where it says so itself, or it is over already."""
    kind = _FACTS.get(news.kind)
    is_told = before.status in OPEN or news.kind == "used"
    if kind is None or not is_told or (news.kind == "linked" and _says_so(before, news)):
        return None
    said = {name for name in kind.__struct_fields__ if name in News.__struct_fields__}
    told: dict[str, Any] = {name: getattr(news, name) for name in said}
    return kind(incident=incident, **told)


def _says_so(incident: Incident, news: News) -> bool:
    """It is linked here, so that is in its timeline already."""
    return incident.major.is_accepted or _names(incident, news)


def _names(incident: Incident, news: News) -> bool:
    key = link_key(LinkKind.PROBLEM, news.number)
    return key in incident.links or incident.problem == news.problem
