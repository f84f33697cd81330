"""The facts that page somebody, and those that end it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5
from weakref import WeakKeyDictionary

import msgspec

from services.notification import template
from services.notification.copies import Copy, name_of, type_of, values
from services.notification.escalation import escalation
from services.notification.escalation.escalations import EscalationPolicies
from services.notification.escalation.events import Occasion, Step, Target
from services.notification.escalation.running import Running, is_running
from services.notification.events import Template
from services.notification.keeping import in_few_words
from services.notification.keyed.keyed import stream_of
from services.notification.policies import Planner
from services.notification.templates.values import own_values
from shared.follower import Fact, Reaction
from shared.work import Work

_MINUTES = 10  # to accept a role, to post an update: then it is told that nobody answered
_RUNNING = """select id from escalations
    where to_position is null and status = 'running' and about = $1
      and ($2::uuid is null or matter = $2)"""

WORDS = {
    "responder_requested": Template(
        subject="[{{number}}] You are needed: {{title}}",
        text="{{message}}\n\n{{number}} {{title}}\nStatus: {{status}}\nPriority: {{priority}}\n"
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
    """A request that was answered, or not in time: who is asked next, if anybody."""

    request: UUID
    incident: UUID | None = None
    accepted: bool = False
    next: Asked | None = None


class Role(msgspec.Struct, frozen=True):
    role: str
    person: str | None = None


class Overdue(msgspec.Struct, frozen=True):
    incident: UUID
    audience: str
    due_at: datetime
    person: str | None = None


class Audiences(msgspec.Struct, frozen=True):
    """Who was told, or is to be told later."""

    audiences: tuple[str, ...] = ()
    audience: str | None = None


class Call(msgspec.Struct, frozen=True):
    """Whom to page, about what, and what is said beside."""

    about: UUID
    matter: UUID
    words: str
    steps: tuple[Step, ...]
    more: dict[str, str]
    repeat: int = 0
    policy: str | None = None
    policy_version: int | None = None


class Paging:
    """Begins and ends escalations as the incident service tells."""

    def __init__(self, planner: Planner, running: Running, policies: EscalationPolicies) -> None:
        self._planner = planner
        self._running = running
        self._policies = policies
        # A work's rows are not in the database before it ends; its later facts need them.
        self._begun: WeakKeyDictionary[Work, list[tuple[UUID, UUID, UUID]]] = WeakKeyDictionary()

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
            words="responder_requested",
            steps=(_step(said, said.within_minutes),),
            more={"message": said.message},
        )
        call = await self._by_policy(call, said.escalation_policy, work)
        await self._begin(_first(said.request), call, fact, work)

    async def _turned(self, fact: Fact, work: Work) -> None:
        """Answered: it is over. Not in time, or declined: the next one is asked."""
        said = fact.read(Turned)
        about = said.incident or fact.subject
        if name_of(fact) == "incident.request_answered":
            await self._stop(about, said.request, "the request was answered", fact, work)
        if said.next is None:
            return
        first = (await work.current(self._running.escalations, _first(said.request))).state
        message = first.occasion.values.get("message", "") if first.occasion else ""
        wait = first.steps[0].wait_minutes if first.steps else _MINUTES
        call = Call(
            about=about,
            matter=said.request,
            words="responder_requested",
            steps=(_step(said.next, wait),),
            more={"message": message},
        )
        call = await self._by_policy(call, said.next.escalation_policy, work)
        await self._begin(_next(fact), call, fact, work)

    async def _role(self, fact: Fact, work: Work) -> None:
        """Whoever has been given a role by somebody else is told, until it is accepted."""
        said = fact.read(Role)
        matter = uuid5(fact.subject, f"role {said.role}")
        await self._stop(fact.subject, matter, "the role has been settled", fact, work)
        is_theirs = fact.actor == said.person or name_of(fact) == "incident.role_accepted"
        if said.person is None or is_theirs:
            return
        call = Call(
            about=fact.subject,
            matter=matter,
            words="role_assigned",
            steps=(_step(Asked(person=said.person), _MINUTES),),
            more={},
        )
        await self._begin(_next(fact), call, fact, work)

    async def _overdue(self, fact: Fact, work: Work) -> None:
        said = fact.read(Overdue)
        call = Call(
            about=said.incident,
            matter=_update(said.incident, said.audience),
            words="update_overdue",
            steps=(_step(Asked(person=said.person), _MINUTES),),
            more={},
        )
        await self._begin(_next(fact), call, fact, work)

    async def _updated(self, fact: Fact, work: Work) -> None:
        said = fact.read(Audiences)
        for audience in (*said.audiences, *filter(None, [said.audience])):
            matter = _update(fact.subject, audience)
            await self._stop(fact.subject, matter, "the update is no longer due", fact, work)

    async def _over(self, fact: Fact, work: Work) -> None:
        ended = name_of(fact).partition(".")[2]
        await self._stop(fact.subject, None, f"the incident is {ended}", fact, work)

    async def _by_policy(self, call: Call, key: str | None, work: Work) -> Call:
        """The call by the steps of this policy as it now is."""
        if key is None:
            return call
        held = await work.current(self._policies, stream_of("escalation policy", key))
        steps = () if held.state.retired else held.state.steps
        return msgspec.structs.replace(
            call,
            steps=steps,
            repeat=held.state.repeat,
            policy=key,
            policy_version=held.version or None,
        )

    async def _begin(self, stream: UUID, call: Call, fact: Fact, work: Work) -> None:
        copy = await self._planner.known(call.about, work)
        await work.execute(
            self._running.escalations,
            stream,
            escalation.begin,
            occasion=_occasion(call, copy, fact),
            steps=call.steps,
            at=fact.time,
            repeat=call.repeat,
            policy=call.policy,
            policy_version=call.policy_version,
        )
        self._begun.setdefault(work, []).append((stream, call.about, call.matter))

        async def admits(person: str) -> bool:
            return not fact.restricted or await self._planner.keeping.admits(
                call.about, person, work
            )

        now = max(fact.time, work.store.clock())
        await self._running.advance(stream, admits, now, work)

    async def _stop(
        self, about: UUID, matter: UUID | None, reason: str, fact: Fact, work: Work
    ) -> None:
        """End what runs for this matter, or all that runs for the incident."""
        rows = await work.store.pool.fetch(_RUNNING, about, matter)
        begun = (each for each in self._begun.get(work, []) if each[1] == about)
        drafted = [stream for stream, _, own in begun if matter in (None, own)]
        at = work.store.clock()
        for stream in dict.fromkeys([*(row["id"] for row in rows), *drafted]):
            if is_running(await work.current(self._running.escalations, stream)):
                ended = await work.execute(
                    self._running.escalations, stream, escalation.stop, at=at, reason=reason
                )
                await self._running.cancel(ended.state, at, work)


def _first(request: UUID) -> UUID:
    """The escalation that a request begins with."""
    return uuid5(request, "escalation")


def _next(fact: Fact) -> UUID:
    return uuid5(fact.id, "escalation")


def _update(incident: UUID, audience: str) -> UUID:
    return uuid5(incident, f"update {audience}")


def _step(asked: Asked, wait_minutes: int) -> Step:
    target = Target(person=asked.person, team=asked.group, schedule=asked.schedule)
    return Step(targets=(target,), wait_minutes=wait_minutes)


def _occasion(call: Call, copy: Copy, fact: Fact) -> Occasion:
    told = values(copy, fact) | own_values(fact)
    if fact.restricted:
        told = in_few_words(told)
    told |= call.more
    words = WORDS[call.words]
    return Occasion(
        cause=fact.id,
        fact=name_of(fact),
        about=call.about,
        matter=call.matter,
        happened_at=fact.time,
        values=told,
        subject=template.line(words.subject, told),
        text=template.text(words.text, told),
    )
