"""What is restricted, as far as messages go: only people who may know of it are told, in few words.

Whose teams and roles admit them is not known here, so only people by their id are told.
"""

from collections.abc import Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import msgspec

from shared.followed_restrictions import FollowedRestrictions
from shared.follower import Fact, Reaction, hears_history
from shared.restrictions import DERIVED, Restriction, hidden_from_words, person
from shared.store.store import Store
from shared.work import Work

_SOURCES = "select sources from derived where id = $1"
_WITHHELD = "not shown"


class RaisedFrom(msgspec.Struct, frozen=True):
    """What we read of a problem's first fact."""

    raised_from: UUID | None = None


class Keeping:
    """Whom a message about something may reach."""

    def __init__(self, store: Store) -> None:
        self._pool = store.pool
        self._restrictions = FollowedRestrictions(store, "incident")
        self._unstored: WeakKeyDictionary[Work, dict[UUID, UUID]] = WeakKeyDictionary()

    def reactions(self, source: str) -> Mapping[str, Reaction]:
        """To what the other services tell of restrictions and of what they reach."""
        if source == "problem":
            return {"tocsin.problem.logged.v1": self._logged}
        return self._restrictions.reactions()

    async def admits(self, about: UUID, who: str, work: Work) -> bool:
        """Whether this person may know of something that is restricted."""
        source = await self._source(about, work)
        kept: Restriction = await self._restrictions.of(source, work)
        return person(who) in (*kept.named, *kept.participants)

    async def _source(self, about: UUID, work: Work) -> UUID:
        unstored = self._unstored.get(work, {}).get(about)
        if unstored is not None:
            return unstored
        sources = await self._pool.fetchval(_SOURCES, about)
        return UUID(sources[0]) if sources else about

    @hears_history
    async def _logged(self, fact: Fact, work: Work) -> None:
        source = fact.read(RaisedFrom).raised_from
        if source is not None:
            self._unstored.setdefault(work, {})[fact.subject] = source
            work.row(DERIVED, (fact.subject, f'["{source}"]'))


async def may_know(pool: asyncpg.Pool, about: UUID, who: str) -> bool:
    """Whether this person may know of something at this moment."""
    return not (await hidden_from_words(pool, [person(who)], [about]))


def in_few_words(values: dict[str, str]) -> dict[str, str]:
    """What a template may say of something restricted: its number, and what happened when."""
    shown = ("id", "number", "fact", "happened", "happened_at")
    few = {name: value if name in shown else _WITHHELD for name, value in values.items()}
    return few | {"title": "Restricted, sign in to read it"}
