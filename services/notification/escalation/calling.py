"""Beginning and ending escalations because of facts: one unit of work, the pages included."""

from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from services.notification import template
from services.notification.copies import Copy, name_of, values
from services.notification.escalation import escalation
from services.notification.escalation.escalations import EscalationPolicies
from services.notification.escalation.events import Occasion, Step
from services.notification.escalation.running import Running, is_running
from services.notification.events import Template
from services.notification.keeping import in_few_words
from services.notification.keyed.keyed import stream_of
from services.notification.policies import Planner
from services.notification.said import Words
from services.notification.templates.values import own_values
from shared.follower import Fact
from shared.work import Work

_RUNNING = """select id from escalations
    where to_position is null and status = 'running' and about = $1
      and ($2::uuid is null or matter = $2)"""


class Call(msgspec.Struct, frozen=True):
    """Whom to page, about what, in which words, and what these may say beside."""

    about: UUID
    matter: UUID
    words: Template
    steps: tuple[Step, ...] = ()
    more: dict[str, str] = {}
    repeat: int = 0
    policy: str | None = None
    policy_version: int | None = None


class Calling:
    """Begins and ends escalations."""

    def __init__(self, planner: Planner, running: Running, policies: EscalationPolicies) -> None:
        self.planner = planner
        self.running = running
        self._policies = policies
        # A work's rows are not in the database before it ends; its later facts need them.
        self._begun: WeakKeyDictionary[Work, list[tuple[UUID, UUID, UUID]]] = WeakKeyDictionary()

    async def by_policy(self, call: Call, key: str | None, work: Work) -> Call:
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

    async def begin(self, stream: UUID, call: Call, fact: Fact, work: Work) -> None:
        copy = await self.planner.known(call.about, work)
        await work.execute(
            self.running.escalations,
            stream,
            escalation.begin,
            occasion=_occasion(call, fact),
            words=_words(call, copy, fact),
            steps=call.steps,
            at=fact.time,
            repeat=call.repeat,
            policy=call.policy,
            policy_version=call.policy_version,
        )
        self._begun.setdefault(work, []).append((stream, call.about, call.matter))

        async def admits(person: str) -> bool:
            return not fact.restricted or await self.planner.keeping.admits(
                call.about, person, work
            )

        now = max(fact.time, work.store.clock())
        await self.running.advance(stream, admits, now, work)

    async def stop(
        self, about: UUID, matter: UUID | None, reason: str, fact: Fact, work: Work
    ) -> None:
        """End what runs for this matter, or all that runs for the incident."""
        rows = await work.store.pool.fetch(_RUNNING, about, matter)
        begun = (each for each in self._begun.get(work, []) if each[1] == about)
        drafted = [stream for stream, _, own in begun if matter in (None, own)]
        at = work.store.clock()
        for stream in dict.fromkeys([*(row["id"] for row in rows), *drafted]):
            if is_running(await work.current(self.running.escalations, stream)):
                ended = await work.execute(
                    self.running.escalations, stream, escalation.stop, at=at, reason=reason
                )
                await self.running.cancel(ended.state, at, work)


def _words(call: Call, copy: Copy, fact: Fact) -> Words:
    told = values(copy, name_of(fact), fact.time) | own_values(fact)
    if fact.restricted:
        told = in_few_words(told)
    return template.said(call.words, told | call.more)


def _occasion(call: Call, fact: Fact) -> Occasion:
    return Occasion(
        cause=fact.id,
        fact=name_of(fact),
        about=call.about,
        matter=call.matter,
        happened_at=fact.time,
    )
