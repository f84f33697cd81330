"""Managed data under a key of its own: added, said anew as a whole, retired, taken up again."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.domain import Event, State
from shared.errors import Refused


class Keyed(State, frozen=True):
    """One of them as its events tell it; `noun` is what people call its kind."""

    noun: ClassVar[str] = ""

    key: str = ""
    name: str = ""
    retired: bool = False

    def shown(self) -> dict[str, Any]:
        """What it says beside key and name, for those who read it."""
        own = (name for name in self.__struct_fields__ if name not in Keyed.__struct_fields__)
        return {name: getattr(self, name) for name in own}


class Said(Event, frozen=True):
    """What it says from now on, as a whole."""

    key: str
    name: str


class Gone(Event, frozen=True):
    """It says nothing any more, until it is added again."""

    key: str


A = TypeVar("A", bound=Said)
G = TypeVar("G", bound=Gone)


def stream_of(noun: str, key: str) -> UUID:
    """Where its events stand: of one key there is one."""
    return uuid5(NAMESPACE_URL, f"tocsin:{noun}:{key}")


def add(held: Keyed, *, said: A) -> Sequence[A]:
    """One of this key, new or taken up again."""
    require_free(held)
    return [said]


def change(held: Keyed, *, said: A) -> Sequence[A]:
    """Say it anew."""
    require_same(held, said.key)
    is_so = all(getattr(held, name) == value for name, value in said.fields().items())
    return [] if is_so else [said]


def retire(held: Keyed, *, gone: type[G]) -> Sequence[G]:
    """Take it out of use."""
    return [] if held.retired else [gone(key=held.key)]


def require_free(held: Keyed) -> None:
    """Raises Refused where there is one of this key."""
    if held.key and not held.retired:
        raise Refused(f"there is {_a(held.noun)} {held.key} already; change that one")


def require_same(held: Keyed, key: str) -> None:
    """Raises Refused where it is retired, or another."""
    if held.retired:
        raise Refused(f"the {held.noun} is retired; add it again to take it up")
    if held.key != key:
        raise Refused(f"the {held.noun} is {held.key}; its key stays, add {key} beside it")


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
