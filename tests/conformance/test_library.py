"""What a stock application of the eventsourcing library sees of our log, and leaves in it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactoryError,
    IntegrityError,
    MapperDeserialisationError,
    NotSupportedError,
    OperationalError,
    StoredEvent,
    Tracking,
    Transcoding,
)

from shared.ledger import Ledger, Order
from shared.store.store import Store
from shared.vault import Vault
from tests.shared.store.toy import DDL, TABLES, TOY, Begun, Counted, Toy, begin, count
from tests.support.postgres import Database


class Colour(Enum):
    RED = "red"


class ColourAsText(Transcoding):
    type = Colour
    name = "colour"

    def encode(self, obj: Colour) -> str:
        return obj.value

    def decode(self, data: str) -> Colour:
        return Colour(data)


class Parcel(Aggregate):
    @event("Packed")
    def __init__(self, colour: Colour, weight: Decimal, due: str, parts: list[UUID]) -> None:
        self.colour = colour
        self.weight = weight
        self.due = due
        self.parts = parts

    @event("Labelled")
    def label(self, text: Any) -> None:
        self.text = text


class Parcels(Application[UUID]):
    def register_transcodings(self, transcoder: Any) -> None:
        super().register_transcodings(transcoder)
        transcoder.register(ColourAsText())


class Reading(Application[UUID]):
    pass


PART = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


async def test_a_stock_aggregate_is_stored_as_plain_canonical_json(log: Database) -> None:
    with Parcels() as app:
        parcel = Parcel(Colour.RED, Decimal("1.50"), "tomorrow", [PART])
        app.save(parcel)
        again: Parcel = app.repository.get(parcel.id)
    assert (again.colour, again.weight, again.parts) == (Colour.RED, Decimal("1.50"), [PART])

    stored = await _states(log)
    fields = json.loads(stored[0])
    assert fields["colour"] == "red"
    assert fields["weight"] == "1.50"
    assert fields["parts"] == [str(PART)]
    assert (
        stored[0]
        == json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    )


@pytest.mark.parametrize("value", [PART, Decimal("1.0"), {"at": [PART]}, "é", 3, None, True])
def test_what_no_annotation_tells_is_tagged_and_comes_back_the_same(value: object) -> None:
    with Parcels() as app:
        parcel = Parcel(Colour.RED, Decimal(1), "today", [])
        parcel.label(value)
        app.save(parcel)
        again: Parcel = app.repository.get(parcel.id)
    assert again.text == value
    assert type(again.text) is type(value)


def test_what_nobody_can_bring_back_is_refused_and_nothing_is_stored() -> None:
    with Parcels() as app:
        parcel = Parcel(Colour.RED, Decimal(1), "today", [])
        parcel.label(date(2026, 11, 22))
        with pytest.raises(TypeError, match="register a custom transcoding"):
            app.save(parcel)
        assert app.recorder.max_notification_id() is None


async def test_a_stock_application_reads_our_events_as_objects_of_our_classes(
    log: Database,
) -> None:
    stream = await _toy_of(log, 3)
    with Reading() as app:
        stored = app.recorder.select_notifications(start=1, limit=10)
        first, *rest = [app.mapper.to_domain_event(each) for each in stored]
    assert isinstance(first, Begun)
    assert [type(each).__mro__[1] for each in rest] == [Counted, Counted]
    assert [(e.originator_id, e.originator_version) for e in (first, *rest)] == [
        (stream, 1), (stream, 2), (stream, 3),
    ]  # fmt: skip


async def test_our_aggregate_folds_in_a_stock_repository(log: Database) -> None:
    stream = await _toy_of(log, 5)

    def fold(_: object, events: Iterable[Any]) -> Any:
        state = TOY.initial
        for happened in events:
            state = TOY.evolve(state, happened)
        return state

    with Reading() as app:
        toy: Any = app.repository.get(stream, projector_func=fold)
    assert isinstance(toy, Toy)
    assert toy.total == 4


async def test_our_events_are_written_by_their_service_alone(log: Database) -> None:
    await _toy_of(log, 1)
    with Reading() as app:
        stored = app.recorder.select_notifications(start=1, limit=1)[0]
        ours = app.mapper.to_domain_event(stored)
        with pytest.raises(NotSupportedError, match="only its service writes it"):
            app.mapper.to_stored_event(ours)


async def test_services_and_stock_applications_share_one_order(log: Database) -> None:
    with Reading() as app:
        app.save(Aggregate())
        await _toy_of(log, 2)
        app.save(Aggregate())
        found = app.recorder.select_notifications(start=None, limit=10)
    assert [each.id for each in found] == [1, 2, 3, 4]
    assert [each.topic for each in found][1:3] == ["toy.begun", "toy.counted"]


async def test_a_subscription_hears_what_another_process_appends(log: Database) -> None:
    with Reading() as app, app.recorder.subscribe(topics=["toy.counted"]) as subscription:
        stream = await _toy_of(log, 2)
        heard = next(subscription)
    assert (heard.originator_id, heard.originator_version, heard.id) == (stream, 2, 2)


@dataclass(frozen=True)
class Moved:
    """A stock event whose class has changed twice."""

    originator_id: UUID
    originator_version: int
    place: str
    floor: int

    class_version = 3

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["place"] = state.pop("where")

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["floor"] = 0


async def test_a_stock_event_remembers_its_shape_beside_its_state(log: Database) -> None:
    topic = f"{Moved.__module__}:{Moved.__qualname__}"
    with Reading() as app:
        event = Moved(uuid4(), 1, "Oslo", 4)
        app.events.put([event])
        app.recorder.insert_events(
            [StoredEvent(event.originator_id, 2, topic, b'{"where":"Rome"}')]
        )
        new, old = app.events.get(event.originator_id)
    assert new == event
    assert (old.place, old.floor) == ("Rome", 0)  # type: ignore[attr-defined]
    assert (await _states(log))[0] == b'{"floor":4,"place":"Oslo"}'


def test_a_state_that_is_no_json_is_told_with_its_place() -> None:
    stream = uuid4()
    with Reading() as app:
        app.recorder.insert_events([StoredEvent(stream, 1, "builtins:object", b"\xff")])
        with pytest.raises(MapperDeserialisationError, match=str(stream)):
            list(app.events.get(stream))


def test_versions_have_no_holes() -> None:
    stream = uuid4()
    with Reading() as app:
        events = [StoredEvent(stream, version, "t", b"{}") for version in (1, 3)]
        with pytest.raises(IntegrityError, match="version 3 does not follow 1"):
            app.recorder.insert_events(events)
        with pytest.raises(IntegrityError, match="conflict"):
            app.recorder.insert_events([StoredEvent(stream, 2, "t", b"{}")])


def test_streams_are_named_by_uuids() -> None:
    with Reading() as app, pytest.raises(NotSupportedError, match="named by UUIDs"):
        app.recorder.insert_events([StoredEvent("account-1", 1, "t", b"{}")])


def test_a_value_the_database_cannot_take_is_a_data_error() -> None:
    with Reading() as app:
        for topic in ("nul \0", "surrogate \ud800"):
            with pytest.raises(DataError):
                app.recorder.insert_events([StoredEvent(uuid4(), 1, topic, b"{}")])
        assert app.recorder.max_notification_id() is None


def test_a_missing_database_is_an_operational_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_EVENT_STORE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    with Reading() as app, pytest.raises(OperationalError):
        app.save(Aggregate())


def test_a_closed_log_says_so() -> None:
    app = Reading()
    app.close()
    with pytest.raises(OperationalError, match="closed"):
        app.save(Aggregate())


def test_without_an_address_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOCSIN_EVENT_STORE_URL")
    with pytest.raises(InfrastructureFactoryError, match="TOCSIN_EVENT_STORE_URL"):
        Reading()


def test_tracking_moves_with_the_events_or_not_at_all() -> None:
    stream = uuid4()
    with Reading() as app:
        process = app.factory.process_recorder()
        first = StoredEvent(stream, 1, "t", b"{}")
        assert process.insert_events([first], tracking=Tracking("up", 7)) == [1]
        with pytest.raises(IntegrityError):
            process.insert_events([first], tracking=Tracking("up", 8))
        assert process.max_tracking_id("up") == 7


async def _toy_of(log: Database, events: int) -> UUID:
    owner = await asyncpg.connect(log.owner)
    await owner.execute(DDL)
    await owner.close()
    store = await Store.open(log.app, tables=TABLES, vault=Vault(bytes(32)))
    ledger, stream = Ledger(store, TOY), uuid4()
    await ledger.execute(Order(stream=stream, actor="user:ada", creates=True), begin, name="Ada")
    for _ in range(events - 1):
        await ledger.execute(Order(stream=stream, actor="user:ada"), count)
    await store.close()
    return stream


async def _states(log: Database) -> list[bytes]:
    connection = await asyncpg.connect(log.app)
    rows = await connection.fetch("select state from events order by position")
    await connection.close()
    return [row[0] for row in rows]
