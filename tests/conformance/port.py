"""The store behind the ports of eventsource-py: its events as JSON, appended as one command."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from eventsource.domain import StreamId
from eventsource.domain.event import DomainEvent
from eventsource.domain.exceptions import DuplicateEventError, OptimisticLockError
from eventsource.ports import (
    AppendResult,
    CategoryReadOptions,
    EventEnvelope,
    ExpectedVersion,
    FeedReadOptions,
    Position,
    ReadDirection,
    StreamReadOptions,
)
from eventsource.testing.conformance_ports._fixtures import ConformanceEvent

from shared.clock import new_id
from shared.store.append import Append, Appended, NewEvent
from shared.store.reader import Recorded
from shared.store.store import Store
from shared.vault import Vault

_KNOWN = "select event_id from events where event_id = any($1::uuid[])"


class LogPort:
    """Any number of these may share a log; a stream's category is the topic of its events."""

    max_append_batch: int | None = None

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    async def open(cls, dsn: str) -> "LogPort":
        return cls(await Store.open(dsn, tables=[], vault=Vault(bytes(32))))

    async def close(self) -> None:
        await self._store.close()

    async def append(
        self, stream: StreamId, events: Sequence[DomainEvent], expected: ExpectedVersion
    ) -> AppendResult:
        if not events:
            raise ValueError("empty batch")
        if known := await self._known([event.event_id for event in events]):
            raise DuplicateEventError(str(known[0]))
        while True:
            version = await self.get_stream_version(stream)
            wanted = _wanted(expected, version)
            answer = await self._append(stream, events, wanted)
            if answer.outcome == "appended":
                return _result(stream, wanted + len(events), answer)
            if expected.kind != "any":
                raise OptimisticLockError(stream.aggregate_id, wanted, version)

    async def read_stream(
        self, stream: StreamId, options: StreamReadOptions | None = None
    ) -> AsyncIterator[EventEnvelope]:
        options = options or StreamReadOptions()
        recorded = await self._store.log.stream(
            stream.aggregate_id,
            after=(options.from_version or 1) - 1,
            until=options.to_version or 2**31 - 1,
        )
        if options.direction is ReadDirection.BACKWARD:
            recorded.reverse()
        for each in recorded[: options.limit]:
            yield _envelope(each)

    async def get_stream_version(self, stream: StreamId) -> int:
        recorded = await self._store.log.stream(stream.aggregate_id)
        return recorded[-1].originator_version if recorded else 0

    async def event_exists(self, event_id: UUID) -> bool:
        return bool(await self._known([event_id]))

    async def read_all(
        self, from_position: Position | None = None, options: FeedReadOptions | None = None
    ) -> AsyncIterator[EventEnvelope]:
        options = options or FeedReadOptions()
        after = int(from_position.key[0]) if from_position else 0
        found = [_envelope(each) for each in await self._store.log.page(after)]
        for envelope in _of_tenant(found, options.tenant_id)[: options.limit]:
            yield envelope

    async def current_position(self) -> Position | None:
        position = (await self._store.log.head()).position
        return Position("log", (position,)) if position else None

    async def read_category(
        self, category: str, options: CategoryReadOptions | None = None
    ) -> AsyncIterator[EventEnvelope]:
        options = options or CategoryReadOptions()
        page = await self._store.log.page(0, topics=[category])
        since = options.from_timestamp
        found = [_envelope(each) for each in page if since is None or each.recorded_at >= since]
        for envelope in _of_tenant(found, options.tenant_id)[: options.limit]:
            yield envelope

    async def _known(self, ids: Sequence[UUID]) -> list[UUID]:
        return [row[0] for row in await self._store.pool.fetch(_KNOWN, list(ids))]

    async def _append(
        self, stream: StreamId, events: Sequence[DomainEvent], version: int
    ) -> Appended:
        id_ = stream.aggregate_id
        new = [
            NewEvent(
                event.event_id,
                id_,
                version + number,
                stream.category,
                1,
                event.model_dump_json().encode(),
                event.event_id,
                None,
            )
            for number, event in enumerate(events, 1)
        ]
        command = Append(command_id=new_id(), actor="suite", expected={id_: version}, events=new)
        return await self._store.writer.append(command)


def _wanted(expected: ExpectedVersion, version: int) -> int:
    match expected.kind:
        case "any":
            return version
        case "no_stream":
            return 0
        case "stream_exists":
            return max(version, 1)
        case _:
            return expected.version or 0


def _result(stream: StreamId, version: int, answer: Appended) -> AppendResult:
    assert answer.first_position is not None
    return AppendResult(stream, version, Position("log", (answer.first_position,)))


def _envelope(recorded: Recorded) -> EventEnvelope:
    return EventEnvelope(
        ConformanceEvent.model_validate_json(recorded.state),
        StreamId(aggregate_id=recorded.originator_id, category=recorded.topic),
        recorded.originator_version,
        Position("log", (recorded.position,)),
        recorded.recorded_at,
    )


def _of_tenant(found: list[EventEnvelope], tenant: UUID | None) -> list[EventEnvelope]:
    return [e for e in found if tenant is None or e.event.tenant_id == tenant]
