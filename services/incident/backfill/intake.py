"""Carries a backfill to the log: what is known already is skipped, the rest is one append."""

import asyncio
from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from services.incident.backfill import conformance, history
from services.incident.backfill import events as b
from services.incident.backfill.history import History, Manner
from services.incident.backfill.report import BackfillReport, HistoryTaken, report_of
from services.incident.incident import Incident
from services.incident.incidents import INCIDENT, Incidents
from services.incident.rules import Status
from shared.aggregate import Folded
from shared.draft import Draft
from shared.errors import KeyReused, NotFound, Unavailable
from shared.ledger import Key, Order
from shared.store.append import IdempotencyKey

_TRIES = 8


def stream_of(system: str, external_ref: str) -> UUID:
    """The same incident of the same system is the same stream: a second run finds the first's."""
    return uuid5(NAMESPACE_URL, f"tocsin:incident:{system}\0{external_ref}")


class Intake:
    """Takes histories into one service's log."""

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents
        self._store = incidents.store

    async def take(
        self, order: Order, histories: Sequence[History], manner: Manner
    ) -> BackfillReport:
        """Store what is new in these histories, all or nothing. Raises KeyReused, Unavailable."""
        numbers: dict[UUID, int] = {}
        for _ in range(_TRIES):
            if order.key is not None and (told := await self._told_before(order.key)):
                return told
            draft = self._store.draft(
                actor=order.actor,
                correlation_id=order.correlation_id,
                traceparent=order.traceparent,
            )
            items = await self._drafted(draft, histories, manner, numbers)
            if (report := await self._stored(draft, order.key, items)) is not None:
                return report
        raise Unavailable("others keep changing these incidents at this moment; try again")

    async def _drafted(
        self,
        draft: Draft,
        histories: Sequence[History],
        manner: Manner,
        numbers: dict[UUID, int],
    ) -> list[HistoryTaken]:
        streams = [stream_of(manner.system, each.external_ref) for each in histories]
        held = await asyncio.gather(*map(self._held, streams))
        fresh = [h.stream for h in held if h.version == 0 and h.stream not in numbers]
        drawn = await asyncio.gather(*(self._incidents.next_number() for _ in fresh))
        numbers.update(zip(fresh, drawn, strict=True))
        items = []
        for folded, each in zip(held, histories, strict=True):
            number = numbers.get(folded.stream, folded.state.number)
            items.append(_taken(draft, folded, each, manner, number))
            await asyncio.sleep(0)  # others' commands come between
        return items

    async def _held(self, stream: UUID) -> Folded[Incident]:
        try:
            return await self._incidents.current(stream)
        except NotFound:
            return Folded(stream, INCIDENT.initial)

    async def _stored(
        self, draft: Draft, key: Key | None, items: list[HistoryTaken]
    ) -> BackfillReport | None:
        """The report once it is stored; None where another change came first."""
        report, events = report_of(items), draft.append.events
        report.position = (await self._store.log.head()).position
        if key is not None:
            last = (events[-1].stream, events[-1].version) if events else (items[0].id, 0)
            detail = msgspec.json.encode(report).decode()
            draft.append.key = IdempotencyKey(*key, *last, detail)
        elif not events:
            return report
        answer = await self._store.writer.append(draft.append)
        if answer.outcome not in ("appended", "already"):
            return None
        if events and answer.first_position is not None:
            report.position = answer.first_position + len(events) - 1
        return report

    async def _told_before(self, key: Key) -> BackfillReport | None:
        used = await self._store.used_key(key.scope, key.value)
        if used is None:
            return None
        if used.digest != key.digest:
            raise KeyReused("this Idempotency-Key was used before with another body; use a new one")
        report = msgspec.json.decode(used.detail or "", type=BackfillReport)
        last = await self._store.log.stream(used.stream, after=used.version - 1, until=used.version)
        report.position = last[0].position if last else report.position
        return report


def _taken(
    draft: Draft, held: Folded[Incident], told: History, manner: Manner, number: int
) -> HistoryTaken:
    digests, known = history.digests(told.steps), held.state.imported_steps
    item = HistoryTaken(
        external_ref=told.external_ref,
        outcome="known",
        id=held.stream,
        number=f"INC-{number}",
        version=held.version,
    )
    if (reason := _refusal(held.state, digests)) is not None:
        item.outcome, item.reason = "refused", reason
    elif known < len(told.steps):
        item.outcome = "continued" if known else "added"
        after = _added(draft, held, told, manner, item)
        steps = len(told.steps)
        done = b.Backfilled(system=manner.system, steps=steps, digest=digests[-1])
        item.version = draft.add(INCIDENT, after, [done]).version
        item.steps, item.events = steps - known, item.version - held.version
    return item


def _refusal(state: Incident, digests: Sequence[str]) -> str | None:
    known = state.imported_steps
    if known and known <= len(digests) and digests[known - 1] != state.imported_digest:
        return f"its first {known} steps are not those that were imported before"
    if state.status is Status.MERGED and known < len(digests):
        return "it has been merged into another since; unmerge it first"
    return None


def _added(
    draft: Draft, held: Folded[Incident], told: History, manner: Manner, item: HistoryTaken
) -> Folded[Incident]:
    """The incident after its new steps; the item learns what they came to."""
    known = held.state.imported_steps
    for number, step in enumerate(told.steps[known:], known + 1):
        before = held.state
        if before.status is None:
            events = history.declared(told, int(item.number[4:]), manner)
        else:
            events = history.follows(before, step, manner)
        item.deviations.extend(conformance.deviations(before, number, step, events))
        held = draft.add(INCIDENT, held, events)
        item.reopenings += held.state.reopen_count - before.reopen_count
        item.group_changes += held.state.reassignment_count - before.reassignment_count
    return held
