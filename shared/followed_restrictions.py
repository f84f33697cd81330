"""Restrictions as the service that owns them tells of them: every other service keeps its copy.

A copy is kept of who takes part in everything, restricted or not: a restriction may follow.
"""

from collections.abc import Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from shared.follower import Fact, Reaction, hears_history
from shared.restrictions import RESTRICTIONS, Restriction, person, role, team
from shared.store.store import Store
from shared.work import Work

_FIND = "select restricted, named, participants from restrictions where id = $1"


class Declared(msgspec.Struct, frozen=True):
    """What we read of the first fact of something that may be restricted."""

    reporter: str
    group: str | None = None
    assigned_to: str | None = None


class Assigned(msgspec.Struct, frozen=True):
    """Its new group and person."""

    group: str | None = None
    person: str | None = None


class Asked(msgspec.Struct, frozen=True):
    """Somebody who may be asked to take part."""

    person: str | None = None


class Joined(msgspec.Struct, frozen=True):
    """Who takes part from now on."""

    person: str | None = None
    then: tuple[Asked, ...] = ()


class Restricted(msgspec.Struct, frozen=True):
    """Whom it is kept to, beside those who take part."""

    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


class FollowedRestrictions:
    """The copies in the database and, over them, those a unit of work is about to store."""

    def __init__(self, store: Store, kind: str) -> None:
        self._pool = store.pool
        self._kind = kind
        self._unstored: WeakKeyDictionary[Work, dict[UUID, Restriction]] = WeakKeyDictionary()

    def reactions(self) -> Mapping[str, Reaction]:
        """To every fact that changes who may know of a thing of this kind."""
        by_name = {
            "declared": self._declared,
            "assigned": self._assigned,
            "restricted": self._restricted,
            "unrestricted": self._lifted,
            "role_assigned": self._joined,
            "role_handed_over": self._joined,
            "responder_requested": self._joined,
        }
        return {f"tocsin.{self._kind}.{name}.v1": each for name, each in by_name.items()}

    async def of(self, id: UUID, work: Work) -> Restriction:
        """Whom it is kept to, as far as it is known here, what this work has learned included."""
        unstored = self._unstored.get(work, {}).get(id)
        if unstored is not None:
            return unstored
        row = await self._pool.fetchrow(_FIND, id)
        if row is None:
            return Restriction(participants=(None, None, None))
        return msgspec.convert(dict(row), Restriction)

    @hears_history
    async def _declared(self, fact: Fact, work: Work) -> None:
        told = fact.read(Declared)
        taking_part = (person(told.reporter), *_assigned(told.assigned_to, told.group))
        self._put(fact, work, Restriction(participants=taking_part))

    @hears_history
    async def _assigned(self, fact: Fact, work: Work) -> None:
        told, held = fact.read(Assigned), await self.of(fact.subject, work)
        assigned = _assigned(told.person, told.group)
        taking_part = (held.participants[0], *assigned, *held.participants[3:])
        self._put(fact, work, msgspec.structs.replace(held, participants=taking_part))

    @hears_history
    async def _joined(self, fact: Fact, work: Work) -> None:
        told, held = fact.read(Joined), await self.of(fact.subject, work)
        asked = (told.person, *(each.person for each in told.then))
        joined = (person(each) for each in asked if each)
        taking_part = dict.fromkeys((*held.participants[3:], *joined))
        everybody = (*held.participants[:3], *taking_part)
        self._put(fact, work, msgspec.structs.replace(held, participants=everybody))

    @hears_history
    async def _restricted(self, fact: Fact, work: Work) -> None:
        told, held = fact.read(Restricted), await self.of(fact.subject, work)
        named = (*map(person, told.people), *map(role, told.roles), *map(team, told.teams))
        self._put(fact, work, msgspec.structs.replace(held, restricted=True, named=named))

    @hears_history
    async def _lifted(self, fact: Fact, work: Work) -> None:
        held = await self.of(fact.subject, work)
        self._put(fact, work, msgspec.structs.replace(held, restricted=False, named=()))

    def _put(self, fact: Fact, work: Work, restriction: Restriction) -> None:
        """Where it is restricted by now, it is at once; whom it is kept to is told later."""
        if fact.restricted:
            restriction = msgspec.structs.replace(restriction, restricted=True)
        self._unstored.setdefault(work, {})[fact.subject] = restriction
        work.row(RESTRICTIONS, restriction.row(fact.subject))


def _assigned(to: str | None, group: str | None) -> tuple[str | None, str | None]:
    return (to and person(to), group and team(group))


def both(*reactions: Mapping[str, Reaction]) -> Mapping[str, Reaction]:
    """Several reactions to the same facts, one after the other, as one; each hears what it may."""
    kinds = dict.fromkeys(kind for each in reactions for kind in each)
    return {kind: _in_turn([each[kind] for each in reactions if kind in each]) for kind in kinds}


def _in_turn(reactions: list[Reaction]) -> Reaction:
    if len(reactions) == 1:
        return reactions[0]

    @hears_history
    async def react(fact: Fact, work: Work) -> None:
        for reaction in reactions:
            if not fact.is_quiet or getattr(reaction, "hears_history", False):
                await reaction(fact, work)

    return react
