"""Carries one command to the log: load, decide, append, answer."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

import msgspec

from shared.aggregate import Aggregate, Folded
from shared.domain import Event, State
from shared.draft import Draft
from shared.effective import happened_by
from shared.errors import KeyReused, NotFound, Refused, Stale, Unavailable
from shared.recent import Recent
from shared.store.append import Appended, IdempotencyKey
from shared.store.reader import Recorded, Tail, Wanted
from shared.store.store import Store
from shared.store.turns import Turns

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)
P = ParamSpec("P")

_TRIES = 8
_CACHED = 24_000  # half of them at least: those of 12,000 streams in use
_SNAPSHOT_EVERY = 100


class GuardMoved(Exception):
    """What the command was decided on beside its aggregate has changed: read it again."""


class Key(NamedTuple):
    """An Idempotency-Key with its scope (principal and route) and the digest of the body."""

    scope: str
    value: str
    digest: bytes


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks what of which aggregate."""

    stream: UUID
    actor: str
    version: int | None = None  # If-Match; None accepts any
    key: Key | None = None
    guards: tuple[tuple[UUID, int], ...] = ()  # other streams the decision rests on
    creates: bool = False  # a stream of its own making: there is nothing to load
    detail: str | None = None  # kept with the key, handed back with a repeated answer
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    admits: Callable[[Any], object] | None = None  # raises for states the asker may not know of


class Ledger(Generic[S, E]):
    """The aggregates of one kind, in one service's log."""

    shown_above = 0
    """How much higher than the stored one the version is that readers are shown."""

    def __init__(self, store: Store, aggregate: Aggregate[S, E]) -> None:
        self.store = store
        self.aggregate = aggregate
        self._cache: Recent[UUID, Folded[S]] = Recent(_CACHED)
        self._turns = Turns()

    async def execute(
        self,
        order: Order,
        command: Callable[Concatenate[S, P], Sequence[E]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Folded[S]:
        """Decide a command on its aggregate and store what follows.

        Answers the aggregate after it; the same answer again for a used idempotency key.
        Raises the command's own refusal, NotFound, Stale (If-Match), KeyReused, GuardMoved,
        Unavailable.
        """

        def act(state: S) -> Sequence[E]:
            return command(state, *args, **kwargs)

        if order.creates and order.key is None:  # nobody else knows of it yet
            return await self._carry(order, act)
        async with self._turns.of(order.stream), self._turns.of(order.key and order.key[:2]):
            if order.key is not None and (prior := await self.answered(order.key)):
                await self.admit(order)
                return prior
            return await self._carry(order, act)

    async def _carry(self, order: Order, act: Callable[[S], Sequence[E]]) -> Folded[S]:
        for attempt in range(_TRIES):
            held = await self._held(order, attempt)
            try:
                events = self._decided(order, held, act)
            except (Refused, Stale, NotFound):
                if attempt == 0 and await self._has_moved(order, held):
                    continue
                raise
            if (done := await self._append(order, held, events)) is not None:
                return done
        raise Unavailable("others keep changing it at this moment; try again")

    def completed(self, state: S, events: Sequence[E]) -> Sequence[E]:
        """A decision with all that follows from it by the rules of a service."""
        return events

    async def admit(self, order: Order) -> None:
        """Let whoever gives this order know of its aggregate as it now is, or raise."""
        if order.admits is not None:
            order.admits((await self.current(order.stream)).state)

    async def current(self, stream: UUID) -> Folded[S]:
        """The aggregate as the log has it now. Raises NotFound."""
        held = self._cache.get(stream)
        fresh = self._caught_up(stream, held, await self.store.tails.ask(self._rest(stream, held)))
        if fresh.version == 0:
            raise NotFound(f"there is no such {self.aggregate.name}")
        return fresh

    async def each(self, streams: Sequence[UUID]) -> list[Folded[S]]:
        """These as the log has them now, in one query; without events where there is none."""
        if not streams:
            return []
        held = [self._cache.get(stream) for stream in streams]
        tails = await self.store.log.tails(list(map(self._rest, streams, held)))
        return list(map(self._caught_up, streams, held, tails))

    async def lately(self, stream: UUID) -> Folded[S]:
        """As `current`, but perhaps a moment old where this process knows it. Raises NotFound."""
        cached = self._cache.get(stream)
        return cached if cached is not None and cached.version else await self.current(stream)

    async def held(self, stream: UUID, *, fresh: bool = False) -> Folded[S]:
        """As `current`, but perhaps a moment old, and an aggregate without events is no error.

        For what a command is guarded by: the append refuses what was decided on an old state.
        """
        cached = None if fresh else self._cache.get(stream)
        if cached is not None:
            return cached
        try:
            return await self.current(stream)
        except NotFound:
            nothing = Folded(stream, self.aggregate.initial)
            self._cache[stream] = nothing
            return nothing

    async def past(
        self,
        stream: UUID,
        *,
        position: int | None = None,
        version: int = 2**31 - 1,
        effective_at: datetime | None = None,
    ) -> Folded[S]:
        """The aggregate as it was: known at a position, at a version, or happened by a moment.

        Raises NotFound where nothing had happened yet.
        """
        events = await self.store.log.stream(stream, until=version)
        if position is not None:
            events = [e for e in events if e.position <= position]
        if effective_at is not None:
            events = happened_by(events, effective_at)
        folded = self._fold(Folded(stream, self.aggregate.initial), events)
        if folded.version == 0:
            raise NotFound(f"there was no such {self.aggregate.name} then")
        return folded

    async def answered(self, key: Key) -> Folded[S] | None:
        """What a used idempotency key was answered with. Raises KeyReused for another body."""
        used = await self.store.used_key(key.scope, key.value)
        if used is None:
            return None
        if used.digest != key.digest:
            raise KeyReused("this Idempotency-Key was used before with another body; use a new one")
        return await self.past(used.stream, version=used.version)

    def _decided(
        self, order: Order, held: Folded[S], act: Callable[[S], Sequence[E]]
    ) -> Sequence[E]:
        """The events of a command on this state. Raises its refusal, or Stale."""
        if order.admits is not None:
            order.admits(held.state)
        if order.version is not None and order.version != held.version:
            raise Stale(f"it is at version {held.version + self.shown_above} by now; read it again")
        return self.completed(held.state, act(held.state))

    async def _held(self, order: Order, attempt: int) -> Folded[S]:
        if order.creates:
            return Folded(order.stream, self.aggregate.initial)
        if attempt == 0 and (cached := self._cache.get(order.stream)):
            return cached
        return await self.current(order.stream)

    async def _has_moved(self, order: Order, held: Folded[S]) -> bool:
        return not order.creates and (await self.current(order.stream)).version != held.version

    async def _append(self, order: Order, held: Folded[S], events: Sequence[E]) -> Folded[S] | None:
        """The stored aggregate; None where another change came first: try again."""
        if not events and order.key is None:
            return None if await self._has_moved(order, held) else held
        draft, after = self._drafted(order, held, events)
        answer = await self.store.writer.append(draft.append)
        match answer.outcome:
            case "appended" | "already":
                return self._stored(held, after, answer, len(events))
            case "key_taken" if order.key is not None:
                return await self.answered(order.key)
        if order.version is not None and await self._has_moved(order, held):
            raise Stale("somebody else changed it meanwhile; read it again")
        if order.creates or (order.guards and not await self._has_moved(order, held)):
            raise GuardMoved
        return None

    def _drafted(
        self, order: Order, held: Folded[S], events: Sequence[E]
    ) -> tuple[Draft, Folded[S]]:
        draft = self.store.draft(
            actor=order.actor,
            correlation_id=order.correlation_id,
            causation_id=order.causation_id,
            traceparent=order.traceparent,
        )
        after = draft.add(self.aggregate, held, events)
        for stream, version in order.guards:
            draft.expect(stream, version)
        if order.key is not None:
            draft.append.key = IdempotencyKey(*order.key, order.stream, after.version, order.detail)
        return draft, after

    def _stored(self, held: Folded[S], after: Folded[S], answer: Appended, count: int) -> Folded[S]:
        if answer.first_position is None or count == 0:
            return held
        stored = after._replace(
            position=answer.first_position + count - 1,
            created_at=held.created_at or answer.recorded_at,
            updated_at=answer.recorded_at,
        )
        self._remember(stored)
        if held.version // _SNAPSHOT_EVERY != stored.version // _SNAPSHOT_EVERY:
            self._save_snapshot(stored)
        return stored

    def _rest(self, stream: UUID, held: Folded[S] | None) -> Wanted:
        return Wanted(stream, held.version if held else 0, self.aggregate.shape)

    def _caught_up(self, stream: UUID, held: Folded[S] | None, tail: Tail) -> Folded[S]:
        fresh = self._fold(held or self._restored(stream, tail), tail.events)
        if fresh.version:
            self._remember(fresh)
        if len(tail.events) >= _SNAPSHOT_EVERY:
            self._save_snapshot(fresh)
        return fresh

    def _fold(self, start: Folded[S], events: Sequence[Recorded]) -> Folded[S]:
        if not events or (start.version == 0 and not self.aggregate.begins(events[0].topic)):
            return start  # nothing, or something else: any id may be asked for
        replay, state = self.aggregate.replay, start.state
        for recorded in events:
            state = replay(state, recorded.event)
        last = max(events, key=lambda e: e.position)
        return Folded(
            start.stream,
            state,
            last.originator_version,
            last.position,
            start.created_at or events[0].recorded_at,
            last.recorded_at,
        )

    def _restored(self, stream: UUID, tail: Tail) -> Folded[S]:
        if tail.snapshot is None:
            return Folded(stream, self.aggregate.initial)
        version, state = tail.snapshot
        return self.aggregate.restore(stream, version, state)

    def _save_snapshot(self, folded: Folded[S]) -> None:
        shape, state = self.aggregate.shape, self.aggregate.preserve(folded)
        self.store.later(self.store.save_snapshot(folded.stream, folded.version, shape, state))

    def _remember(self, folded: Folded[S]) -> None:
        known = self._cache.get(folded.stream)
        if known is None or known.version <= folded.version:
            self._cache[folded.stream] = folded
