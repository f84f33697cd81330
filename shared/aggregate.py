"""What the kernel knows of a kind of aggregate: how it folds, what else its events write."""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from types import GenericAlias
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args, get_type_hints
from uuid import UUID

import msgspec
from sqlalchemy import Table

from shared.domain import Event, State

_encode = msgspec.json.Encoder().encode  # in the order that a state was folded in

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)


class Folded(NamedTuple, Generic[S]):
    """An aggregate as the log has it: `position` and `updated_at` are its last event's."""

    stream: UUID
    state: S
    version: int = 0
    position: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def times(self) -> tuple[datetime, datetime]:
        """When its first and its last event were recorded, where it has any."""
        if self.created_at is None or self.updated_at is None:
            raise ValueError("an aggregate without events has no times")
        return self.created_at, self.updated_at


class Row(NamedTuple):
    """A read model's row after an event; a versioned table's begins id, version, created_at."""

    table: Table
    values: tuple[Any, ...]


class Alarm(NamedTuple):
    """Arm this timer so long after the event was decided, or cancel it with None."""

    name: str
    after: timedelta | None


def _nobody(state: Any, event: Any) -> Iterable[str]:
    return ()


def _no_rows(folded: Any, event: Any) -> Iterable[Row]:
    return ()


def _no_alarms(before: Any, event: Any, after: Any) -> Iterable[Alarm]:
    return ()


@dataclass(frozen=True)
class Aggregate(Generic[S, E]):
    """A kind of aggregate.

    name: the first part of its topics
    initial: the state before its first event
    evolve: state and event to state; never refuses
    parts: what `evolve` leaves parts of the state to, in other modules
    about: the people that a state and the (clear) event upon it are about, subjects of free texts
    rows: the read-model rows of a folded state and the (clear) event that led to it
    alarms: the timers an event arms or cancels, from the states before and after it
    """

    name: str
    initial: S
    evolve: Callable[[S, E], S]
    parts: tuple[Callable[..., Any], ...] = ()
    about: Callable[[S, E], Iterable[str]] = field(default=_nobody)
    rows: Callable[[Folded[S], E], Iterable[Row]] = field(default=_no_rows)
    alarms: Callable[[S, E, S], Iterable[Alarm]] = field(default=_no_alarms)

    def begins(self, topic: str) -> bool:
        """Whether a stream that begins with this event is of this kind."""
        return not self.topics or topic in self.topics

    @cached_property
    def topics(self) -> frozenset[str]:
        """Of the events that `evolve` takes; empty where it takes any."""
        taken = list(get_type_hints(self.evolve).values())[1]
        kinds = get_args(taken) or (taken,)
        return frozenset(kind.topic for kind in kinds if kind is not Any)

    @cached_property
    def replay(self) -> Callable[[S, Event], S]:
        """As `evolve`, for events out of the log: their topics tell that they are of this kind."""
        return cast(Callable[[S, Event], S], self.evolve)

    @cached_property
    def shape(self) -> str:
        """Changes with the code that folds: a snapshot of another shape is never used."""
        modules = [sys.modules[each.__module__] for each in (self.evolve, *self.parts)]
        source = "".join(map(inspect.getsource, modules))
        return f"{self.name}@{hashlib.sha256(source.encode()).hexdigest()[:16]}"

    def preserve(self, folded: Folded[S]) -> bytes:
        """A folded state as a snapshot; personal values in it are sealed already."""
        return _encode((folded.state, folded.position, folded.created_at, folded.updated_at))

    def restore(self, stream: UUID, version: int, snapshot: bytes) -> Folded[S]:
        """A folded state out of a snapshot of this shape."""
        state, position, created_at, updated_at = self._decoder.decode(snapshot)
        return Folded(stream, state, version, position, created_at, updated_at)

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[tuple[S, int, datetime, datetime]]:
        snapshot: Any = GenericAlias(tuple, (type(self.initial), int, datetime, datetime))
        return msgspec.json.Decoder(snapshot)


def by_topic(*aggregates: Aggregate[Any, Any]) -> dict[str, Aggregate[Any, Any]]:
    """These aggregates, each by the topics of the events that it takes."""
    return {topic: each for each in aggregates for topic in each.topics}
