"""Search by meaning, where an embedder is installed and the database has pgvector.

`TOCSIN_EMBEDDER` is `module:function`; the function takes nothing and answers an `Embedder`.
Vectors are made beside the log, by whichever process comes first; a known error without one is
found by words. Nothing here downloads a model.
"""

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from services.problem.known_errors.ledger import KnownErrors

_PAUSE = 1.0
_AT_ONCE = 32
_NEAREST = 30
_NEAR = 0.3  # what is less alike is chance
_LONGEST = 2_000
_log = structlog.get_logger("tocsin.meaning")

_IS_INSTALLED = "select exists (select 1 from pg_extension where extname = 'vector')"
_MISSING = """select k.id, k.version from known_errors k
    left join known_error_meanings m on m.id = k.id and m.model = $1 and m.version = k.version
    where k.to_position is null and k.status = 'published' and m.id is null
    order by k.updated_at limit $2"""
_KEEP = """insert into known_error_meanings (id, version, model, meaning)
    values ($1, $2, $3, $4::float8[]::real[])
    on conflict (id) do update set version = excluded.version, model = excluded.model,
        meaning = excluded.meaning where known_error_meanings.version <= excluded.version"""
_NEAREST_OF = """select id, 1 - (meaning::vector <=> $2::float8[]::real[]::vector) as near
    from known_error_meanings where model = $1
    order by meaning::vector <=> $2::float8[]::real[]::vector limit $3"""


class Embedder(Protocol):
    """Turns texts into vectors such that what means the same points the same way."""

    @property
    def name(self) -> str:
        """The model and its version: vectors of another one are not compared."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each text, all of one length."""
        ...


def embedder_of(named: str) -> Embedder:
    """The embedder that a setting names. Raises ValueError, ImportError, AttributeError."""
    module, found, function = named.partition(":")
    if not found:
        raise ValueError("TOCSIN_EMBEDDER is module:function")
    made: Embedder = getattr(importlib.import_module(module), function)()
    return made


class Meanings:
    """What known errors mean, kept up to date, and which are near a question."""

    def __init__(self, known_errors: KnownErrors, embedder: Embedder) -> None:
        self._known_errors = known_errors
        self._pool = known_errors.store.pool
        self._embedder = embedder

    async def require_installed(self) -> None:
        """Raises RuntimeError where the database cannot compare vectors."""
        if not await self._pool.fetchval(_IS_INSTALLED):
            raise RuntimeError(
                "TOCSIN_EMBEDDER needs pgvector: let a superuser of the problem service's database "
                "say `create extension vector`, or unset it"
            )

    async def run(self) -> None:
        """Keep up until cancelled."""
        while True:
            try:
                done = await self.advance()
            except Exception as trouble:
                _log.warning("meanings_wait", reason=repr(trouble))
                done = 0
            if done == 0:
                await asyncio.sleep(_PAUSE)

    async def advance(self) -> int:
        """Embed what has changed, at most a batch; answers how many."""
        name = self._embedder.name
        missing = await self._pool.fetch(_MISSING, name, _AT_ONCE)
        if missing:
            texts = [await self._text(row["id"]) for row in missing]
            vectors = await self._embedder.embed(texts)
            rows = zip(missing, vectors, strict=True)
            kept = [(row["id"], row["version"], name, list(vector)) for row, vector in rows]
            await self._pool.executemany(_KEEP, kept)
        return len(missing)

    async def near(self, text: str) -> Mapping[UUID, float]:
        """The nearest known errors, each with how near it is (0 to 1)."""
        (vector,) = await self._embedder.embed([text[:_LONGEST]])
        rows = await self._pool.fetch(_NEAREST_OF, self._embedder.name, list(vector), _NEAREST)
        near = ((row["id"], (row["near"] - _NEAR) / (1 - _NEAR)) for row in rows)
        return {id: how for id, how in near if how > 0}

    async def _text(self, id: UUID) -> str:
        said = await self._known_errors.said(await self._known_errors.current(id))
        told = (said[name] for name in ("title", "symptom", "cause", "workaround"))
        return " \n ".join(filter(None, told))[:_LONGEST]
