"""A small aggregate that uses everything the kernel offers, and its read models."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid

from shared.aggregate import Aggregate, Alarm, Folded, Row
from shared.domain import FREE_TEXT, Event, Personal, State, changed, event
from shared.errors import Refused
from shared.store.tables import version_columns

ALARM = "ring"


@event("toy.begun", personal={"name": "owner"})
class Begun(Event, frozen=True):
    owner: str
    name: Personal


@event("toy.noted", personal={"text": FREE_TEXT})
class Noted(Event, frozen=True):
    text: Personal


@event("toy.counted")
class Counted(Event, frozen=True):
    by: int = 1


@event("toy.moved")
class Moved(Event, frozen=True):
    """Was `{"where": …}` once."""

    class_version = 2
    place: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["place"] = state.pop("where")


@event("toy.wound")
class Wound(Event, frozen=True):
    seconds: int


@event("toy.stopped")
class Stopped(Event, frozen=True):
    pass


ToyEvent = Begun | Noted | Counted | Moved | Wound | Stopped


class Toy(State, frozen=True):
    owner: str = ""
    name: Personal = ""
    total: int = 0
    place: str = ""
    notes: tuple[Personal, ...] = ()


def begin(toy: Toy, *, name: str, owner: str = "person:ada") -> list[ToyEvent]:
    return [Begun(owner=owner, name=name)]


def count(toy: Toy, *, by: int = 1) -> list[ToyEvent]:
    return [Counted(by=by)]


def take(toy: Toy, *, by: int) -> list[ToyEvent]:
    """Give back what was counted, never more."""
    if toy.total < by:
        raise Refused(f"only {toy.total} are left")
    return [Counted(by=-by)]


def note(toy: Toy, *, text: str) -> list[ToyEvent]:
    return [Noted(text=text)]


def move(toy: Toy, *, place: str) -> list[ToyEvent]:
    return [] if toy.place == place else [Moved(place=place)]


def do_all(toy: Toy, *, counts: Iterable[int], text: str) -> list[ToyEvent]:
    return [*(Counted(by=by) for by in counts), Noted(text=text)]


def wind(toy: Toy, *, seconds: int) -> list[ToyEvent]:
    return [Wound(seconds=seconds)]


def stop(toy: Toy) -> list[ToyEvent]:
    return [Stopped()]


def evolve(toy: Toy, happened: ToyEvent) -> Toy:
    match happened:
        case Begun():
            return changed(toy, owner=happened.owner, name=happened.name)
        case Noted():
            return changed(toy, notes=(*toy.notes, happened.text))
        case Counted():
            return changed(toy, total=toy.total + happened.by)
        case Moved():
            return changed(toy, place=happened.place)
        case Wound() | Stopped():
            return toy


def alarms(before: Toy, happened: ToyEvent, after: Toy) -> Iterable[Alarm]:
    match happened:
        case Wound():
            yield Alarm(ALARM, timedelta(seconds=happened.seconds))
        case Stopped():
            yield Alarm(ALARM, None)
        case _:
            return


_METADATA = MetaData()
TOYS = Table(
    "toys",
    _METADATA,
    *version_columns(),
    Column("total", Integer, nullable=False),
    Column("place", Text, nullable=False),
)
TEXTS = Table("toy_texts", _METADATA, Column("id", Uuid, primary_key=True), Column("text", Text))
TABLES = (TOYS, TEXTS)


def rows(folded: Folded[Toy], happened: ToyEvent) -> Iterable[Row]:
    stream, toy = folded.stream, folded.state
    yield Row(TOYS, (stream, folded.version, folded.created_at, toy.total, toy.place))
    if isinstance(happened, Noted):
        yield Row(TEXTS, (stream, cast(str, happened.text)))


TOY: Aggregate[Toy, ToyEvent] = Aggregate(
    name="toy",
    initial=Toy(),
    evolve=evolve,
    about=lambda toy, happened: filter(None, [toy.owner or getattr(happened, "owner", "")]),
    rows=rows,
    alarms=alarms,
)
DDL = """
create table toys (
    id uuid not null, from_position bigint not null, to_position bigint,
    version integer not null, created_at timestamptz not null, updated_at timestamptz not null,
    total integer not null, place text not null, primary key (id, from_position));
create index toys_open on toys (id) where to_position is null;
create table toy_texts (id uuid primary key, text text);
grant select, insert, update, delete on toys, toy_texts to tocsin_app;
"""
