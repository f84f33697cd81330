"""Who may know of what is restricted: one rule, in Python for one thing and in SQL for many.

A restriction admits words such as `person:ada`, `team:network`, `role:problem_manager`; a caller
has the words of their token. Auditors are admitted to everything. What tells of other things (a
side stream, a problem raised from an incident) is hidden where all its sources are.

The present restriction rules, over the past too: what is restricted now is hidden as it ever was.
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import Boolean, Column, MetaData, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.listing import Condition

FOLLOWS = "tocsin:restricted"
"""The scope of a token that shows what is restricted on feeds and streams, flagged: for services
that keep it so. An API key that names it as a team has it; only an admin can make such a key."""

_METADATA = MetaData()

RESTRICTIONS = Table(
    "restrictions",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("restricted", Boolean, nullable=False),
    Column("named", JSONB, nullable=False),
    Column("participants", JSONB, nullable=False),
)
DERIVED = Table(
    "derived",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("sources", JSONB, nullable=False),
)
"""What tells of other things, and of which."""

_encode = msgspec.json.encode


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """Whom something is kept to: those named, and those who take part, each in a fixed place."""

    restricted: bool = False
    named: tuple[str, ...] = ()
    participants: tuple[str | None, ...] = ()

    def admits(self, caller: Caller) -> bool:
        """Whether the caller may know of it."""
        if not self.restricted or sees_all(caller):
            return True
        return not set(words_of(caller)).isdisjoint((*self.named, *self.participants))

    def row(self, id: UUID) -> tuple[Any, ...]:
        """As a row of RESTRICTIONS."""
        named, participants = _encode(self.named).decode(), _encode(self.participants).decode()
        return (id, self.restricted, named, participants)


def person(id: str) -> str:
    """The word of one person (or program)."""
    return f"person:{id}"


def team(name: str) -> str:
    """The word of all of a team."""
    return f"team:{name}"


def role(name: str) -> str:
    """The word of all who hold a role."""
    return f"role:{name}"


def words_of(caller: Caller) -> list[str]:
    """The words by which this caller may be admitted."""
    return [person(caller.id), *map(team, sorted(caller.teams)), *map(role, sorted(caller.roles))]


def sees_all(caller: Caller) -> bool:
    """Auditors read everything, and what they read is logged; admin may do everything."""
    return caller.has(Role.AUDITOR)


_SHUT = "r.restricted and not (r.named ?| {0}::text[] or r.participants ?| {0}::text[])"


def not_shut(column: str) -> str:
    """SQL: what this column names is not kept from whoever has the words `{0}`."""
    return f"not exists (select 1 from restrictions r where r.id = {column} and {_SHUT})"


def not_derived(column: str) -> str:
    """SQL: what this column names does not tell only of what is kept from them."""
    return (
        f"not exists (select 1 from derived d where d.id = {column} and d.sources <> '[]' and "
        "not exists (select 1 from jsonb_array_elements_text(d.sources) s "
        f"where {not_shut('s.value::uuid')}))"
    )


def visible_to(caller: Caller, *sql: str) -> list[Condition]:
    """Conditions for a list, (SQL, value), made of `not_shut` and `not_derived`."""
    return [] if sees_all(caller) else [(each, words_of(caller)) for each in sql]


class Among(NamedTuple):
    """Of some ids: which are restricted, and which of those are hidden from the caller."""

    restricted: frozenset[UUID]
    hidden: frozenset[UUID]


_OPEN = f"({not_shut('x.id')} and {not_derived('x.id')})"
_AMONG = (
    f"select x.id, not {_OPEN.format('$2')} from unnest($1::uuid[]) as x (id) "
    f"where not {_OPEN.format(chr(39) + '{}' + chr(39))}"
)
_NOTHING = Among(frozenset(), frozenset())


async def restricted_among(
    pool: asyncpg.Pool, caller: Caller | None, ids: Collection[UUID]
) -> Among:
    """Which of these ids are restricted, and which this caller (None: nobody) may not know of."""
    if not ids:
        return _NOTHING
    rows = await pool.fetch(_AMONG, list(ids), words_of(caller) if caller else [])
    everything = caller is not None and sees_all(caller)
    hidden = frozenset(id for id, is_hidden in rows if is_hidden and not everything)
    return Among(frozenset(row[0] for row in rows), hidden)


async def hidden_from_words(
    pool: asyncpg.Pool, words: list[str], ids: Collection[UUID]
) -> frozenset[UUID]:
    """Which of these ids are kept from whoever has these words."""
    return frozenset(
        id for id, is_hidden in await pool.fetch(_AMONG, list(ids), words) if is_hidden
    )


async def any_restricted(pool: asyncpg.Pool) -> bool:
    """Whether anything at all is restricted: where nothing is, nobody need look further."""
    found: bool = await pool.fetchval("select exists (select 1 from restrictions where restricted)")
    return found
