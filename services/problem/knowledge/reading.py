"""Gathers the knowledge base as it was at a position, for one caller."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from services.problem.access import on_record, problems_of
from services.problem.knowledge.articles import KnowledgeBase, KnownErrorArticle, Lesson
from services.problem.known_errors.access import known_errors_of
from services.problem.known_errors.known_error import KnownError
from services.problem.problem import Problem
from shared.aggregate import Folded
from shared.domain import Personal, State
from shared.errors import Invalid
from shared.http.asked import Asked
from shared.ledger import Ledger
from shared.listing import moments
from shared.restrictions import not_derived, visible_to

MOST = 5_000

_AT_ONCE = 20
_SQL = """select t.id, t.number from {table} t
    where ({moment}) and {are} {visible} order by t.number limit {limit}"""
_PUBLISHED = "t.status = 'published' and ($1::text is null or t.services ? $1)"
_CLOSED = "t.status = 'closed' and ($1::text is null or t.service = $1)"
_OF_KNOWN_ERROR = ("symptom", "cause", "workaround", "solution")

S = TypeVar("S", bound=State)
T = TypeVar("T")
A = TypeVar("A")


async def knowledge_base(asked: Asked, position: int, service: str | None) -> KnowledgeBase:
    """What the caller may know of. Raises Invalid where it is more than one answer holds."""
    errors = await _found(asked, "known_errors", _PUBLISHED, position, service)
    problems = await _found(asked, "problems", _CLOSED, position, service)
    if len(errors) + len(problems) > MOST:
        raise Invalid(("query:service", f"there are more than {MOST:,} articles; name a service"))
    await on_record(asked, [row["id"] for row in (*errors, *problems)])
    known = await _folded(known_errors_of(asked), errors, position)
    closed = await _folded(problems_of(asked), problems, position)
    numbers = {each.stream: f"PRB-{each.state.number}" for each in closed}
    articles = [await _known_error(asked, each, numbers) for each in known]
    lessons = [await _lesson(asked, each, known) for each in closed]
    return KnowledgeBase(
        position=position,
        known_errors=articles,
        lessons=[lesson for lesson in lessons if lesson is not None],
    )


async def _found(
    asked: Asked, table: str, are: str, position: int, service: str | None
) -> Sequence[asyncpg.Record]:
    visible = visible_to(asked.caller, not_derived("t.id"))
    sql = _SQL.format(
        table=table,
        are=are,
        moment=" or ".join(f"({each})" for each in moments(position)),
        visible=" ".join(f"and {condition.format('$2')}" for condition, _ in visible),
        limit=MOST + 1,
    )
    words = [value for _, value in visible]
    return await asked.service.store.pool.fetch(sql, service, *words)


async def _folded(
    ledger: Ledger[S, Any], rows: Sequence[asyncpg.Record], position: int
) -> list[Folded[S]]:
    async def one(row: asyncpg.Record) -> Folded[S]:
        held = await ledger.current(row["id"])
        return (
            held if held.position <= position else await ledger.past(row["id"], position=position)
        )

    return await _few_at_once(one, rows)


async def _few_at_once(act: Callable[[T], Awaitable[A]], things: Iterable[T]) -> list[A]:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def limited(thing: T) -> A:
        async with limit:
            return await act(thing)

    return await asyncio.gather(*map(limited, things))


async def _clear(asked: Asked, stream: UUID, texts: Sequence[Personal | None]) -> list[str | None]:
    vault = asked.service.store.vault
    await vault.load(asked.service.store.pool, texts)
    return [None if text is None else vault.open(stream, text) for text in texts]


async def _known_error(
    asked: Asked, folded: Folded[KnownError], numbers: dict[UUID, str]
) -> KnownErrorArticle:
    state = folded.state
    texts = [getattr(state, name) for name in _OF_KNOWN_ERROR]
    clear = await _clear(asked, folded.stream, texts)
    return KnownErrorArticle(
        id=folded.stream,
        number=f"KE-{state.number}",
        revision=state.revision,
        title=state.title,
        **dict(zip(_OF_KNOWN_ERROR, clear, strict=True)),
        error_code=state.error_code,
        services=list(state.services),
        items=list(state.items),
        product=state.product,
        product_version=state.product_version,
        tags=list(state.tags),
        valid_to=state.valid_to,
        fixed=state.fixed,
        problem=None if state.problem is None else numbers.get(state.problem),
    )


async def _lesson(
    asked: Asked, folded: Folded[Problem], known: Sequence[Folded[KnownError]]
) -> Lesson | None:
    """Nothing where nothing was written down: another system's past has no lessons."""
    state = folded.state
    if state.lessons_learned is None:
        return None
    texts = (
        state.description, state.root_cause, state.workaround.published, state.resolution,
        state.lessons_learned, state.review_outcome,
    )  # fmt: skip
    said = await _clear(asked, folded.stream, texts)
    return Lesson(
        id=folded.stream,
        number=f"PRB-{state.number}",
        title=state.title,
        outcome="risk_accepted" if state.resolved_at is None else "fixed",
        service=state.service,
        item=state.item,
        category=state.category,
        closed_at=state.closed_at,
        description=said[0],
        root_cause=said[1],
        workaround=said[2],
        resolution=said[3],
        lessons_learned=said[4] or "",
        review_outcome=said[5],
        known_errors=[f"KE-{k.state.number}" for k in known if k.state.problem == folded.stream],
    )
