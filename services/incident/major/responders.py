"""Asking people to come, one after the other until somebody does."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.major import events as m
from services.incident.major.events import MajorRole, Target
from services.incident.major.rights import require_part
from services.incident.major.state import Major, Request
from shared.auth.roles import Role
from shared.errors import Forbidden, Refused

MOST_REQUESTS = 200


def request_responder(
    incident: Incident,
    *,
    request: UUID,
    asked: Sequence[Target],
    message: str,
    within_minutes: int,
    by: str,
    at: datetime,
) -> Sequence[IncidentEvent]:
    """The first of them, and the next whenever nobody answers in time."""
    require(incident, "request-responder")
    first, *others = asked
    requests = incident.major.requests.values()
    if any(first == each.asked[0] and is_open(each, at) for each in requests):
        raise Refused("they are asked already, and the time to answer is not over")
    if len(requests) >= MOST_REQUESTS:
        raise Refused(f"no more than {MOST_REQUESTS} requests are made in one incident")
    return [
        m.ResponderRequested(
            request=request,
            message=message,
            within_minutes=within_minutes,
            at=at,
            person=first.person,
            group=first.group,
            schedule=first.schedule,
            escalation_policy=first.escalation_policy,
            then=tuple(others),
            by=by,
        )
    ]


def answer_request(
    incident: Incident,
    *,
    request: UUID | None,
    accepted: bool,
    by: str,
    roles: frozenset[Role],
    at: datetime,
    person: str | None = None,
    note: str | None = None,
) -> Sequence[IncidentEvent]:
    """For oneself; for another person by its commander or the major incident manager."""
    require(incident, "answer-request")
    require_part(incident, "answer-request", by, roles)
    major, person = incident.major, person or by
    id = request or _only_open(major, person)
    if id not in major.requests:
        raise Refused("there is no such request in this incident")
    held = major.requests[id]
    if held.accepted is not None:
        return _again(held, person, accepted=accepted)
    if held.ended_at is not None:
        raise Refused("nobody need come any more; make another request")
    _require_asked(major, held, person, by, roles)
    then = {} if accepted else _asked_next(incident, held, person, at)
    return [
        m.RequestAnswered(request=id, accepted=accepted, person=person, at=at, note=note, **then)
    ]


def is_open(request: Request, now: datetime) -> bool:
    """Whether somebody may still answer in time."""
    waits = request.accepted is None and request.ended_at is None
    return waits and step_at(request, now) < len(request.asked)


def step_at(request: Request, now: datetime) -> int:
    """Which of those it asks is asked now; their number where nobody is left."""
    passed = max(now - request.since, timedelta()) // timedelta(minutes=request.within_minutes)
    return min(request.step + passed, len(request.asked))


def answer_by(request: Request, now: datetime) -> datetime:
    """Until when whoever is asked now may answer."""
    windows = step_at(request, now) - request.step + 1
    return request.since + windows * timedelta(minutes=request.within_minutes)


def asked_after(major: Major, request: Request, step: int) -> Target | None:
    """Who is asked when whoever was asked at this step does not come: in the end its commander."""
    if step + 1 < len(request.asked):
        return request.asked[step + 1]
    commander = major.roles.get(MajorRole.INCIDENT_COMMANDER)
    if commander is None or Target(person=commander.person) in request.asked:
        return None
    return Target(person=commander.person)


def to_tell(request: Request, group: str | None) -> tuple[Target, ...]:
    """Who hears, one after the other, that nobody comes: who asked, then who has the incident."""
    asker = [] if request.by is None else [Target(person=request.by)]
    return (*asker, *([] if group is None else [Target(group=group)]))


def _asked_next(incident: Incident, request: Request, person: str, now: datetime) -> dict[str, Any]:
    """After a no: the next one, unless it came from somebody who had been passed over already."""
    major, step = incident.major, step_at(request, now)
    if not _is_their_turn(major, request, step, person):
        return {"step": request.step}
    is_over = step == len(request.asked)
    following = None if is_over else asked_after(major, request, step)
    if following is None:
        return {"tell": to_tell(request, incident.group)}
    return {"step": step + 1, "next": following}


def _is_their_turn(major: Major, request: Request, step: int, person: str) -> bool:
    if step == len(request.asked):
        return asked_after(major, request, step - 1) == Target(person=person)
    return request.asked[step].person in (person, None)


def _only_open(major: Major, person: str) -> UUID:
    mine = [id for id, each in major.waiting.items() if _names(each, person)]
    if len(mine) != 1:
        raise Refused("name the request" if mine else "nobody has asked you to come")
    return mine[0]


def _names(request: Request, person: str) -> bool:
    return any(each.person in (person, None) for each in request.asked)


def _require_asked(
    major: Major, request: Request, person: str, by: str, roles: frozenset[Role]
) -> None:
    commander = major.roles.get(MajorRole.INCIDENT_COMMANDER)
    leads = commander is not None and commander.person == by
    if not (_names(request, person) or (leads and person == by)):
        raise Refused(f"{person} was not asked to come")
    manages = not roles.isdisjoint({Role.MAJOR_INCIDENT_MANAGER, Role.ADMIN})
    if person != by and not (leads or manages):
        raise Forbidden("its commander or a major_incident_manager answers for somebody else")


def _again(request: Request, person: str, *, accepted: bool) -> Sequence[IncidentEvent]:
    if (request.answered_by, request.accepted) == (person, accepted):
        return []
    comes = f"{request.answered_by} comes" if request.accepted else "nobody comes"
    raise Refused(f"it was answered already: {comes}")
