"""What aggregates and their events are made of: immutable values with stable stored names.

An event class names its topic once and for ever, and says which of its fields are personal::

    @event("incident.noted", personal={"text": FREE_TEXT})
    class Noted(Event):
        text: Personal

A changed shape raises `class_version` and brings `upcast_v1_v2(state)`, which amends the old
stored fields in place: the conventions of the `eventsourcing` library.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.utils import register_topic
from msgspec.structs import replace

__all__ = [
    "FREE_TEXT",
    "Event",
    "Origin",
    "Personal",
    "Sealed",
    "State",
    "Stated",
    "changed",
    "event",
]


class Sealed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A personal value as the log holds it: ciphertext, and the id of the key that opens it.

    `place` (version|field of the event it stands in) is told by where it is read, never by the
    stored event itself; only a snapshot, which holds values of many events, keeps it.
    """

    key: UUID
    sealed: bytes  # nonce and ciphertext; base64 in JSON
    place: str = ""


Personal = str | Sealed
"""A name, an address or free text: clear when it enters, sealed from then on."""

FREE_TEXT = ""
"""As subject of a personal field: its author and the person the aggregate is about."""


Stated = str | int | float | bool | None
"""A value of another system's record, as it was: a counter, a verdict, a reference."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an imported event comes from: another system, whose time and actor count.

    The envelope keeps who imported it, and when. `stated` is what else the source's record said
    from then on. Nobody reacts to it (no timer, no trigger, no message) unless it is `live`.
    """

    at: datetime
    by: str
    stated: dict[str, Stated] = {}
    live: bool = False


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened. Who, when and why stand in the envelope, not here."""

    topic: ClassVar[str]
    class_version: ClassVar[int] = 1
    personal: ClassVar[Mapping[str, str]] = {}

    corrects: ClassVar[bool] = False
    tells: ClassVar[bool] = False
    """Whether its personal texts are written to be told: feeds tell them, as long as they last."""

    origin: Origin | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether it is history from elsewhere: kept, and nothing is done because of it."""
        return self.origin is not None and not self.origin.live

    def effective(self, recorded_at: datetime) -> datetime:
        """When it happened in the world."""
        return self.happened(recorded_at) if self.origin is None else self.origin.at

    def happened(self, recorded_at: datetime) -> datetime:
        """The same for an event of our own: its `at` where it states one."""
        at: datetime | None = getattr(self, "at", None)
        return at or recorded_at

    def corrected(self, other: "Event", at: datetime) -> datetime:
        """When an earlier event of its stream happened in truth; `corrects` says that it may."""
        return at

    def fields(self, *names: str) -> dict[str, Any]:
        """These fields of it, or all its own, by name: for a state that takes them over."""
        return {name: getattr(self, name) for name in names or _own_fields(type(self))}


@cache
def _own_fields(kind: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name != "origin")


E = TypeVar("E", bound=Event)


def event(topic: str, *, personal: Mapping[str, str] | None = None) -> Callable[[type[E]], type[E]]:
    """Name an event class for the log; `personal` maps a field to the field naming its subject."""

    def name(cls: type[E]) -> type[E]:
        cls.topic = topic
        cls.personal = personal or {}
        register_topic(topic, cls)
        return cls

    return name


class State(msgspec.Struct, frozen=True, kw_only=True):
    """An aggregate, folded from its events."""


S = TypeVar("S", bound=State)


def changed(state: S, /, **fields: Any) -> S:
    """A copy of the state with these fields replaced."""
    return replace(state, **fields)
