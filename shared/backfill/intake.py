"""Carries a backfill to the log: what is known already is skipped, the rest is one append."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from asyncpg.pgproto import pgproto

from shared.aggregate import Folded
from shared.backfill.history import History
from shared.domain import State
from shared.draft import Draft
from shared.errors import KeyReused, Unavailable
from shared.ledger import Key, Ledger, Order
from shared.numbers import Numbers
from shared.store.append import IdempotencyKey

_TRIES = 8
_AT_A_TIME = 8


class Taken(Protocol):
    """How one history fared."""

    id: UUID


class Report(Protocol):
    """How all of them fared; `position` is that of the last event."""

    position: int


S = TypeVar("S", bound=State)
T = TypeVar("T", bound=Taken)
R = TypeVar("R", bound=Report)


def stream_of(kind: str, system: str, external_ref: str) -> UUID:
    """The same thing of the same system is the same stream: a second run finds the first's."""
    name = f"tocsin:{kind}:{system}\0{external_ref}"
    return pgproto.UUID(uuid5(NAMESPACE_URL, name).bytes)  # hashed in C: many rows have it


@dataclass(frozen=True)
class Intake(Generic[S, T, R]):
    """Takes histories of one system into one service's log.

    numbers: what new ones are called by
    take: adds to the draft what is new in a history of this aggregate, whose number is given where
        it is new; answers how it fared
    report_of, report: what is told of all, and as which type it is read again
    """

    ledger: Ledger[S, Any]
    system: str
    numbers: Numbers
    take: Callable[[Draft, Folded[S], History, int | None], T]
    report_of: Callable[[list[T]], R]
    report: type[R]

    async def all(self, order: Order, histories: Sequence[History]) -> R:
        """Store what is new in these histories, all or nothing. Raises KeyReused, Unavailable."""
        numbers: dict[UUID, int] = {}
        for _ in range(_TRIES):
            if order.key is not None and (told := await self._told_before(order.key)):
                return told
            draft = self.ledger.store.draft(
                actor=order.actor,
                correlation_id=order.correlation_id,
                traceparent=order.traceparent,
            )
            items = await self._drafted(draft, histories, numbers)
            if (report := await self._stored(draft, order.key, items)) is not None:
                return report
        raise Unavailable("others keep changing these records at this moment; try again")

    async def _drafted(
        self, draft: Draft, histories: Sequence[History], numbers: dict[UUID, int]
    ) -> list[T]:
        kind = self.ledger.aggregate.name
        streams = [stream_of(kind, self.system, each.external_ref) for each in histories]
        held = await self.ledger.each(streams)
        fresh = [h.stream for h in held if h.version == 0 and h.stream not in numbers]
        numbers.update(zip(fresh, await self.numbers.several(len(fresh)), strict=True))
        items = []
        for done, (folded, each) in enumerate(zip(held, histories, strict=True), 1):
            items.append(self.take(draft, folded, each, numbers.get(folded.stream)))
            if done % _AT_A_TIME == 0:
                await asyncio.sleep(0)  # others' commands come between
        return items

    async def _stored(self, draft: Draft, key: Key | None, items: list[T]) -> R | None:
        """The report once it is stored; None where another change came first."""
        store, report, events = self.ledger.store, self.report_of(items), draft.append.events
        report.position = (await store.log.head()).position
        if key is not None:
            last = (events[-1].stream, events[-1].version) if events else (items[0].id, 0)
            detail = msgspec.json.encode(report).decode()
            draft.append.key = IdempotencyKey(*key, *last, detail)
        elif not events:
            return report
        answer = await store.writer.append(draft.append)
        if answer.outcome not in ("appended", "already"):
            return None
        if events and answer.first_position is not None:
            report.position = answer.first_position + len(events) - 1
        return report

    async def _told_before(self, key: Key) -> R | None:
        store = self.ledger.store
        used = await store.used_key(key.scope, key.value)
        if used is None:
            return None
        if used.digest != key.digest:
            raise KeyReused("this Idempotency-Key was used before with another body; use a new one")
        report: R = msgspec.json.decode(used.detail or "", type=self.report)
        last = await store.log.stream(used.stream, after=used.version - 1, until=used.version)
        report.position = last[0].position if last else report.position
        return report
