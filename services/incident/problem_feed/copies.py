"""The copies of problems and known errors, over them those a unit of work is about to store."""

from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import msgspec

from services.incident.problem_feed.tables import KNOWN_ERROR_COPIES, PROBLEM_COPIES
from shared.store.store import Store
from shared.work import Work

_PROBLEM_COLUMNS = ", ".join(column.name for column in PROBLEM_COPIES.columns)
_PROBLEM = f"select {_PROBLEM_COLUMNS} from problem_copies where id = $1"
_PROBLEM_NAMED = f"""select {_PROBLEM_COLUMNS} from problem_copies
    where id::text = lower($1) or number = upper($1)"""
_PROBLEMS = f"select {_PROBLEM_COLUMNS} from problem_copies where id = any($1::uuid[])"
_ERROR_COLUMNS = ", ".join(column.name for column in KNOWN_ERROR_COPIES.columns)
_ERROR = f"select {_ERROR_COLUMNS} from known_error_copies where id = $1"
_ERROR_NAMED = f"""select {_ERROR_COLUMNS} from known_error_copies
    where id::text = lower($1) or number = upper($1)"""


class ProblemCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A problem as last told of; `workaround` is the revision that is published."""

    id: UUID
    number: str
    title: str
    position: int
    status: str | None = None
    duplicate_of: UUID | None = None
    workaround: int | None = None


class KnownErrorCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A known error as last told of: published, superseded or retired."""

    id: UUID
    number: str
    title: str
    position: int
    status: str
    superseded_by: str | None = None


class Copies:
    """What is known here of problems and known errors."""

    def __init__(self, store: Store) -> None:
        self._pool = store.pool
        self._unstored: WeakKeyDictionary[Work, dict[UUID, Any]] = WeakKeyDictionary()

    def put(self, copy: ProblemCopy | KnownErrorCopy, work: Work) -> None:
        """Keep this copy, in the append of this work."""
        self._unstored.setdefault(work, {})[copy.id] = copy
        table = PROBLEM_COPIES if isinstance(copy, ProblemCopy) else KNOWN_ERROR_COPIES
        work.row(table, msgspec.structs.astuple(copy))

    async def problem(self, id: UUID, work: Work) -> ProblemCopy | None:
        """What is known of this problem, what this work has learned included."""
        held: ProblemCopy | None = self._unstored.get(work, {}).get(id)
        return held or _problem(await self._pool.fetchrow(_PROBLEM, id))

    async def known_error(self, id: UUID, work: Work) -> KnownErrorCopy | None:
        """What is known of this known error, what this work has learned included."""
        held: KnownErrorCopy | None = self._unstored.get(work, {}).get(id)
        return held or _known_error(await self._pool.fetchrow(_ERROR, id))


async def problem_named(pool: asyncpg.Pool, reference: str) -> ProblemCopy | None:
    """The copy of a problem named by id or number."""
    return _problem(await pool.fetchrow(_PROBLEM_NAMED, reference))


async def problems_of(pool: asyncpg.Pool, ids: list[UUID]) -> list[ProblemCopy]:
    """What is known of these problems, in no order."""
    return [ProblemCopy(**dict(row)) for row in await pool.fetch(_PROBLEMS, ids)]


async def known_error_named(pool: asyncpg.Pool, reference: str) -> KnownErrorCopy | None:
    """The copy of a known error named by id or number."""
    return _known_error(await pool.fetchrow(_ERROR_NAMED, reference))


def _problem(row: asyncpg.Record | None) -> ProblemCopy | None:
    return None if row is None else ProblemCopy(**dict(row))


def _known_error(row: asyncpg.Record | None) -> KnownErrorCopy | None:
    return None if row is None else KnownErrorCopy(**dict(row))
