"""Following another service's feed: exactly-once effects, no broker.

A page of facts, all their effects and the cursor are one append. Where that fails they are taken
one by one; the fact that keeps failing is parked, with the later ones of its subject, and the rest
goes on. A feed of another log, or of one that grew again differently, stops the follower loudly.
"""

import asyncio
import builtins
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import structlog

from shared.client import AsyncClient, Response
from shared.errors import Problem, Unavailable
from shared.leader import leading
from shared.restrictions import FOLLOWS
from shared.store.append import CursorMove
from shared.store.database import CONNECTION_LOST
from shared.store.store import Store
from shared.work import MOST_STREAMS, Work

K = TypeVar("K")

_TRIES = 3
_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_LONG_POLL = 20.0
_PAGE = MOST_STREAMS
_log = structlog.get_logger("tocsin.follower")

_CURSOR = "select log_id, position, hash from cursors where name = $1"
_PARKED = "select subject from parked where follower = $1"
_PARK = """insert into parked (follower, position, subject, fact, reason, parked_at)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing"""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What another service has told: a CloudEvent of its feed."""

    id: UUID
    type: str
    subject: UUID
    time: datetime
    position: int
    actor: str
    correlation_id: UUID = msgspec.field(name="correlationid")
    imported: bool = False
    live: bool = False
    happened_at: datetime | None = msgspec.field(name="happenedat", default=None)
    data: msgspec.Raw
    restricted: bool = False  # by now, however open it was when it happened: it is to be kept so

    @property
    def is_quiet(self) -> bool:
        """Whether it is another system's past, imported: nobody acts on it."""
        return self.imported and not self.live

    def read(self, kind: builtins.type[K]) -> K:
        """Its data as this type; fields it does not name are ignored."""
        return msgspec.json.decode(self.data, type=kind)


Reaction = Callable[[Fact, Work], Awaitable[None]]


R = TypeVar("R", bound=Callable[..., Awaitable[None]])


def hears_history(reaction: R) -> R:
    """Mark a reaction that also takes quiet facts, to keep a copy; others never hear of them."""
    reaction.hears_history = True  # type: ignore[attr-defined]
    return reaction


class Stopped(Exception):
    """The feed is not the one this follower has followed: people must decide."""


class _Overtaken(Problem):
    """Another instance has moved the cursor: begin again from where it stands now."""


class _Cursor(NamedTuple):
    log: UUID | None
    position: int
    hash: str


class _Page(NamedTuple):
    facts: Sequence[Fact]
    end: _Cursor


class Follower:
    """Reads one feed and reacts; what nobody reacts to is stepped over."""

    def __init__(
        self,
        name: str,
        source: str,
        store: Store,
        client: AsyncClient,
        reactions: Mapping[str, Reaction],
    ) -> None:
        self.name = name
        self.source = source
        self._store = store
        self._client = client
        self._reactions = reactions
        self._state: dict[str, Any] = {"position": None, "trouble": None}

    def lag(self) -> dict[str, Any]:
        """Where it stands and what troubles it, for readiness and metrics."""
        return dict(self._state)

    async def run(self) -> None:
        """Follow until cancelled; one process at a time does, the others stand by."""
        while True:
            async with leading(self._store, f"follower:{self.name}"):
                await self._follow()

    async def _follow(self) -> None:
        pause = _PAUSE
        while True:
            try:
                await self.step(wait=_LONG_POLL)
                pause, self._state["trouble"] = _PAUSE, None
            except Stopped as stopped:
                self._state["trouble"] = f"stopped: {stopped}"
                _log.error("follower_stopped", follower=self.name, reason=str(stopped))
                await asyncio.sleep(60)
            except Exception as trouble:
                self._state["trouble"] = str(trouble) or type(trouble).__name__
                _log.warning("follower_waits", follower=self.name, reason=self._state["trouble"])
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def step(self, *, wait: float = 0.0) -> int:
        """Take one page; answers how many facts it held. Raises Stopped, HTTPError, Problem."""
        cursor = await self._cursor()
        page = await self._read(cursor, wait)
        if page.end.position == cursor.position:
            self._state["position"] = cursor.position
            return 0
        try:
            await self._take(page.facts, cursor, page.end)
        except _Overtaken:
            return 0
        except Exception as failure:
            _log.info("follower_one_by_one", follower=self.name, reason=repr(failure))
            await self._one_by_one(page, cursor)
        self._state["position"] = page.end.position
        return len(page.facts)

    async def _cursor(self) -> _Cursor:
        row = await self._store.pool.fetchrow(_CURSOR, self.name)
        return _Cursor(*row) if row else _Cursor(None, 0, "")

    async def _read(self, cursor: _Cursor, wait: float) -> _Page:
        asked: dict[str, str | float] = {
            "lastEventId": cursor.position,
            "timeout": wait,
            "progress": "true",  # others wait for the cursor: it keeps up with what is not told
            "limit": _PAGE,
        }
        if cursor.hash:
            asked["lastHash"] = cursor.hash
        answer = await self._client.get("/feed", params=asked, timeout=wait + 10)
        if answer.status_code == 409:
            raise Stopped(answer.json().get("detail", "the feed refuses the cursor"))
        answer.raise_for_status()
        if answer.headers.get("tocsin-restricted") == "withheld":
            raise Stopped(f"the feed withholds what is restricted: the token needs {FOLLOWS}")
        return _page(answer, cursor)

    async def _take(self, facts: Sequence[Fact], start: _Cursor, end: _Cursor) -> None:
        work = Work(self._store, actor=f"system:{self.name}")
        parked = {row[0] for row in await self._store.pool.fetch(_PARKED, self.name)}
        for fact in facts:
            if str(fact.subject) in parked:
                await self._park(fact, "an earlier fact of the same subject is parked")
            else:
                await self.react(fact, work)
        answer = await work.append(
            cursor=CursorMove(self.name, end.log, start.position, end.position, end.hash)
        )
        if answer.outcome == "behind":
            raise _Overtaken("another instance has taken this page")
        if answer.outcome not in ("appended", "already"):
            raise Unavailable(
                "somebody else is changing what these facts change; again in a moment"
            )

    async def react(self, fact: Fact, work: Work) -> None:
        """Add to the work what this fact leads to; nothing where nobody reacts to its type."""
        reaction = self._reactions.get(fact.type)
        if reaction and (not fact.is_quiet or getattr(reaction, "hears_history", False)):
            work.caused_by(fact.id, fact.correlation_id)
            await reaction(fact, work)

    async def _one_by_one(self, page: _Page, cursor: _Cursor) -> None:
        for fact in page.facts:
            step = _Cursor(page.end.log, fact.position, "")
            await self._with_patience(fact, cursor, step)
            cursor = step
        await self._take([], cursor, page.end)

    async def _with_patience(self, fact: Fact, start: _Cursor, end: _Cursor) -> None:
        reason = ""
        for attempt in range(_TRIES):
            try:
                await self._take([fact], start, end)
            except (*CONNECTION_LOST, Unavailable, _Overtaken):
                raise
            except Exception as failure:
                reason = repr(failure)
                await asyncio.sleep(_PAUSE * attempt)
            else:
                return
        await self._park(fact, reason)
        await self._take([], start, end)
        _log.error("fact_parked", follower=self.name, position=fact.position, reason=reason)

    async def _park(self, fact: Fact, reason: str) -> None:
        await self._store.pool.execute(
            _PARK, self.name, fact.position, str(fact.subject), msgspec.json.encode(fact),
            reason[:500], self._store.clock(),
        )  # fmt: skip


def _page(answer: Response, cursor: _Cursor) -> _Page:
    log = UUID(answer.headers["tocsin-log"])
    if cursor.log is not None and log != cursor.log:
        raise Stopped(f"the feed is of log {log}; the cursor is of log {cursor.log}")
    scanned = int(answer.headers["tocsin-scanned"])
    facts = msgspec.json.decode(answer.content, type=list[Fact])
    return _Page(facts, _Cursor(log, scanned, answer.headers["tocsin-hash"]))
