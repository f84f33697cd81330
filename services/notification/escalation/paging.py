"""The facts that page somebody, and those that end it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from services.notification.copies import name_of, type_of
from services.notification.escalation.calling import Call, Calling
from services.notification.escalation.events import Step, Target
from services.notification.events import Template
from services.notification.said import words_of
from shared.follower import Fact, Reaction
from shared.work import Work

_MINUTES = 10  # to accept a role, to post an update: then it is told that nobody answered
WORDS = {
    "responder_requested": Template(
        subject="[{{number}}] You are needed: {{title}}",
        text="{{message}}\n\n{{number}} {{title}}\nStatus: {{status}}\nPriority: {{priority}}\n"
        "Service: {{service}}\n",
    ),
    "nobody_comes": Template(
        subject="[{{number}}] Nobody comes: {{title}}",
        text="Everybody who was asked has said no or has not answered, and nobody is left to ask.\n"
        "{{message}}\n\n{{number}} {{title}}\nStatus: {{status}}\nPriority: {{priority}}\n"
        "Service: {{service}}\n",
    ),
    "role_assigned": Template(
        subject="[{{number}}] You are {{role}}: {{title}}",
        text="You have been given the role {{role}}.\n\n{{number}} {{title}}\n"
        "Status: {{status}}\nPriority: {{priority}}\nService: {{service}}\n",
    ),
    "update_overdue": Template(
        subject="[{{number}}] The update to {{audience}} is overdue: {{title}}",
        text="{{audience}} should have been told by {{due_at}}.\n\n{{number}} {{title}}\n"
        "Status: {{status}}\nPriority: {{priority}}\nService: {{service}}\n",
    ),
}
"""What a page says."""


class Asked(msgspec.Struct, frozen=True):
    """Who is asked to come."""

    person: str | None = None
    group: str | None = None
    schedule: str | None = None
    escalation_policy: str | None = None


class Requested(Asked, frozen=True, kw_only=True):
    """What we read of a request for a responder."""

    request: UUID
    message: str
    within_minutes: int


class Turned(msgspec.Struct, frozen=True):
    """A request that was answered, or not in time: who is asked next, or told that nobody is."""

    request: UUID
    incident: UUID | None = None
    accepted: bool = False
    next: Asked | None = None
    tell: tuple[Asked, ...] = ()


class Role(msgspec.Struct, frozen=True):
    role: str
    person: str | None = None


class Overdue(msgspec.Struct, frozen=True):
    """With `until` it was over before anybody could be paged."""

    incident: UUID
    audience: str
    due_at: datetime
    person: str | None = None
    until: datetime | None = None


class Audiences(msgspec.Struct, frozen=True):
    """Who was told, or is to be told later."""

    audiences: tuple[str, ...] = ()
    audience: str | None = None


class Paging:
    """Begins and ends escalations as the incident service tells."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling

    def reactions(self) -> Mapping[str, Reaction]:
        """To what the incident service tells of major incidents, and of the end of incidents."""
        by_name: dict[str, Reaction] = {
            "responder_requested": self._requested,
            "request_answered": self._turned,
            "request_timed_out": self._turned,
            "role_assigned": self._role,
            "role_handed_over": self._role,
            "role_accepted": self._role,
            "update_overdue": self._overdue,
            "update_posted": self._updated,
            "update_snoozed": self._updated,
            **dict.fromkeys(("resolved", "closed", "cancelled", "merged"), self._over),
        }
        return {type_of(f"incident.{name}"): each for name, each in by_name.items()}

    async def _requested(self, fact: Fact, work: Work) -> None:
        said = fact.read(Requested)
        call = Call(
            about=fact.subject,
            matter=said.request,
            words=WORDS["responder_requested"],
            steps=(_step(said, said.within_minutes),),
            more={"message": said.message},
        )
        call = await self._calling.by_policy(call, said.escalation_policy, work)
        await self._calling.begin(_first(said.request), call, fact, work)

    async def _turned(self, fact: Fact, work: Work) -> None:
        """Answered: it is over. Not in time, or declined: the next one is asked."""
        said = fact.read(Turned)
        about = said.incident or fact.subject
        if name_of(fact) == "incident.request_answered":
            await self._calling.stop(about, said.request, "the request was answered", fact, work)
        if said.next is None and not said.tell:
            return
        held = await work.current(self._calling.running.escalations, _first(said.request))
        first = held.state
        message = (await words_of(work.store, held.stream, first)).values.get("message", "")
        wait = first.steps[0].wait_minutes if first.steps else _MINUTES
        call = Call(
            about=about,
            matter=said.request,
            words=WORDS["responder_requested" if said.next else "nobody_comes"],
            steps=_steps(said, wait),
            more={"message": message},
        )
        policy = said.next.escalation_policy if said.next else None
        call = await self._calling.by_policy(call, policy, work)
        await self._calling.begin(_next(fact), call, fact, work)

    async def _role(self, fact: Fact, work: Work) -> None:
        """Whoever has been given a role by somebody else is told, until it is accepted."""
        said = fact.read(Role)
        matter = uuid5(fact.subject, f"role {said.role}")
        await self._calling.stop(fact.subject, matter, "the role has been settled", fact, work)
        is_theirs = fact.actor == said.person or name_of(fact) == "incident.role_accepted"
        if said.person is None or is_theirs:
            return
        call = Call(
            about=fact.subject,
            matter=matter,
            words=WORDS["role_assigned"],
            steps=(_step(Asked(person=said.person), _MINUTES),),
        )
        await self._calling.begin(_next(fact), call, fact, work)

    async def _overdue(self, fact: Fact, work: Work) -> None:
        said = fact.read(Overdue)
        if said.until is not None:
            return
        call = Call(
            about=said.incident,
            matter=_update(said.incident, said.audience),
            words=WORDS["update_overdue"],
            steps=(_step(Asked(person=said.person), _MINUTES),),
        )
        await self._calling.begin(_next(fact), call, fact, work)

    async def _updated(self, fact: Fact, work: Work) -> None:
        said = fact.read(Audiences)
        for audience in (*said.audiences, *filter(None, [said.audience])):
            matter = _update(fact.subject, audience)
            await self._calling.stop(
                fact.subject, matter, "the update is no longer due", fact, work
            )

    async def _over(self, fact: Fact, work: Work) -> None:
        ended = name_of(fact).partition(".")[2]
        await self._calling.stop(fact.subject, None, f"the incident is {ended}", fact, work)


def _first(request: UUID) -> UUID:
    """The escalation that a request begins with."""
    return uuid5(request, "escalation")


def _next(fact: Fact) -> UUID:
    return uuid5(fact.id, "escalation")


def _update(incident: UUID, audience: str) -> UUID:
    return uuid5(incident, f"update {audience}")


def _steps(said: Turned, wait_minutes: int) -> tuple[Step, ...]:
    """Who is asked next; else those who are told that nobody comes, until one has seen it."""
    if said.next is not None:
        return (_step(said.next, wait_minutes),)
    return tuple(_step(each, _MINUTES) for each in said.tell)


def _step(asked: Asked, wait_minutes: int) -> Step:
    target = Target(person=asked.person, team=asked.group, schedule=asked.schedule)
    return Step(targets=(target,), wait_minutes=wait_minutes)
