"""The effects of one or several facts: many streams, one append, all or nothing."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import Table

from shared.aggregate import Folded
from shared.domain import Event, State
from shared.draft import Draft
from shared.errors import Stale, Unavailable
from shared.ledger import GuardMoved, Ledger, Order
from shared.store.append import Appended, IdempotencyKey, TimerChange
from shared.store.store import Store

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)
P = ParamSpec("P")

_TRIES = 8
MOST_STREAMS = 100
"""Beyond this a command is a work list, done piece by piece."""


class Work:
    """A unit of work: commands are decided on the newest state, with what it did before."""

    def __init__(self, store: Store, actor: str, **envelope: Any) -> None:
        self.store = store
        self._draft: Draft = store.draft(actor=actor, **envelope)
        self._looked: dict[UUID, Folded[Any]] = {}
        self._finish: list[Callable[[], Awaitable[None]]] = []

    def caused_by(self, event: UUID, correlation_id: UUID) -> None:
        """The commands that follow were caused by this event."""
        self._draft.caused_by(event, correlation_id)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened in it."""
        return not self._draft.append.events

    @property
    def streams(self) -> int:
        """How many streams it rests on or writes so far."""
        return len(self._draft.append.expected)

    def guard(self, stream: UUID, version: int) -> None:
        """Store nothing of this work unless the stream is still at this version."""
        self._draft.expect(stream, version)

    async def rest_on(self, ledger: Ledger[S, E], stream: UUID) -> Folded[S]:
        """As `current`; nothing of this work is stored if it has moved before the append."""
        held = await self.current(ledger, stream)
        self.guard(held.stream, held.version)
        return held

    async def current(self, ledger: Ledger[S, E], stream: UUID) -> Folded[S]:
        """The aggregate as this work would leave it; without events where there is none yet."""
        drafted: Folded[S] | None = self._draft.state_of(stream) or self._looked.get(stream)
        return drafted or await ledger.held(stream, fresh=True)

    async def look(self, ledger: Ledger[S, E], streams: Sequence[UUID]) -> None:
        """Load these together, as they are now: the commands that follow need not ask for each."""
        self._looked.update(zip(streams, await ledger.each(streams), strict=True))

    async def execute(
        self,
        ledger: Ledger[S, E],
        stream: UUID,
        command: Callable[Concatenate[S, P], Sequence[E]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Folded[S]:
        """Decide a command; nothing is stored before `append`. Raises the command's refusal."""
        held = await self.current(ledger, stream)
        events = ledger.completed(held.state, command(held.state, *args, **kwargs))
        return self._draft.add(ledger.aggregate, held, events)

    def arm(self, stream: UUID, timer: str, due_at: datetime | None) -> None:
        """Let a timer of this stream ring then, once this work is stored; or not at all."""
        self._draft.append.timers[stream, timer] = TimerChange(stream, timer, due_at)

    def row(self, table: Table, values: tuple[Any, ...]) -> None:
        """Write a row of a plain table (its primary key first): a copy of what others told."""
        self._draft.change(table.name, values, key=len(table.primary_key))

    def finally_do(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do this right before everything is stored: what looks at all that has gathered."""
        self._finish.append(act)

    async def append(self, **more: Any) -> Appended:
        """Store everything at once."""
        for act in self._finish:
            await act()
        for name, value in more.items():
            setattr(self._draft.append, name, value)
        return await self.store.writer.append(self._draft.append)


async def settle(
    ledger: Ledger[S, E], order: Order, act: Callable[[Work], Awaitable[Folded[S]]]
) -> Folded[S]:
    """Carry a command on several streams to the log; `act` decides, perhaps more than once.

    Answers the aggregate that `act` answered with, as stored; for a used idempotency key the same
    again. Raises the commands' refusals, NotFound, Stale, KeyReused, GuardMoved, Unavailable.
    """
    for _ in range(_TRIES):
        if order.key is not None and (prior := await ledger.answered(order.key)):
            await ledger.admit(order)
            return prior
        work = Work(
            ledger.store,
            order.actor,
            correlation_id=order.correlation_id,
            causation_id=order.causation_id,
            traceparent=order.traceparent,
        )
        held = await ledger.current(order.stream)
        if order.admits is not None:
            order.admits(held.state)
        if order.version not in (None, held.version):
            raise Stale(f"it is at version {held.version} by now; read it again")
        after = await act(work)
        for stream, version in order.guards:
            work.guard(stream, version)
        key = order.key and IdempotencyKey(*order.key, after.stream, after.version, order.detail)
        if (await work.append(key=key)).outcome in ("appended", "already"):
            return await ledger.past(after.stream, version=after.version)
    if order.guards:
        raise GuardMoved
    raise Unavailable("others keep changing it at this moment; try again")
