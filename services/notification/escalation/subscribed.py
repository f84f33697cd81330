"""Subscriptions that name an escalation policy: what they let pass pages somebody."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5
from weakref import WeakKeyDictionary

import msgspec

from services.notification.copies import STATUS_AFTER, Copy, about, name_of, type_of
from services.notification.escalation.calling import Call, Calling
from services.notification.events import Template
from services.notification.templates.wording import usual
from shared.follower import Fact, Reaction
from shared.work import Work

_RULES = """select id, escalation_policy as policy, facts, priorities, services, template,
        created_at
    from subscriptions where to_position is null and not retired and escalation_policy is not null
    order by created_at, id"""
_PAGED = """select 1 from escalations
    where to_position is null and status = 'running' and about = $1 and matter = $2"""


class Rule(msgspec.Struct, frozen=True):
    """One such subscription."""

    id: UUID
    policy: str
    facts: tuple[str, ...]
    priorities: tuple[int, ...]
    services: tuple[str, ...]
    template: Template | None
    created_at: datetime

    def concerns(self, copy: Copy, fact: Fact) -> bool:
        """Whether it lets this fact pass; nothing that came before it."""
        if name_of(fact) not in self.facts or fact.time < self.created_at:
            return False
        is_priority = not self.priorities or copy.priority in self.priorities
        return is_priority and (not self.services or copy.service in self.services)


class Subscribed:
    """Pages by policy whatever subscriptions say, once for an incident while it goes on."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling
        self._rules: WeakKeyDictionary[Work, list[Rule]] = WeakKeyDictionary()
        self._paged: WeakKeyDictionary[Work, set[UUID]] = WeakKeyDictionary()

    def reactions(self, source: str) -> Mapping[str, Reaction]:
        """To every fact of this service that one can subscribe to."""
        heard: dict[str, Reaction] = {
            type_of(f): self._heard for f in STATUS_AFTER if f.startswith(f"{source}.")
        }
        return heard

    async def _heard(self, fact: Fact, work: Work) -> None:
        rules = await self._known(work)
        if not rules:
            return
        subject = about(fact)
        copy = await self._calling.planner.known(subject, work)
        if name_of(fact) == "incident.acknowledged":
            for rule in rules:
                matter = _matter(subject, rule)
                reason = f"{fact.actor} acknowledged the incident"
                await self._calling.stop(subject, matter, reason, fact, work)
        for rule in rules:
            if rule.concerns(copy, fact):
                await self._page(rule, copy, fact, work)

    async def _page(self, rule: Rule, copy: Copy, fact: Fact, work: Work) -> None:
        matter, paged = _matter(copy.id, rule), self._paged.setdefault(work, set())
        if matter in paged or await work.store.pool.fetchval(_PAGED, copy.id, matter):
            return
        paged.add(matter)
        words = rule.template or usual(name_of(fact))
        call = Call(about=copy.id, matter=matter, words=words)
        call = await self._calling.by_policy(call, rule.policy, work)
        await self._calling.begin(uuid5(fact.id, str(rule.id)), call, fact, work)

    async def _known(self, work: Work) -> list[Rule]:
        """Looked up once for all facts of a work."""
        if work not in self._rules:
            rows = await work.store.pool.fetch(_RULES)
            self._rules[work] = [msgspec.convert(dict(row), Rule) for row in rows]
        return self._rules[work]


def _matter(subject: UUID, rule: Rule) -> UUID:
    return uuid5(subject, f"policy {rule.policy}")
