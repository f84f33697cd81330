"""What a live stream is narrowed to, and how many of them one caller may have open."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from fastapi import Request

from shared.auth.caller import Caller
from shared.errors import Invalid, NotFound, TooMany
from shared.feed import Told
from shared.http.service import service_of

Find = Callable[[str], Awaitable[UUID]]
NUMBERED = "numbered"
"""Among a service's parts, by the prefix of a number: what finds the id it stands for."""
_NOTHING = UUID(int=0)
MOST_EACH = 32
"""Streams that one caller may have open at a process."""


class Narrowed(NamedTuple):
    """Which events a stream shows: those of these subjects and types; all where none is named."""

    subjects: frozenset[UUID]
    types: frozenset[str]

    def takes(self, told: Told) -> bool:
        """Whether the stream shows this event."""
        return (not self.subjects or told.recorded.originator_id in self.subjects) and (
            not self.types or told.kind in self.types
        )


def narrowed(subjects: Sequence[UUID], types: Sequence[str], known: Collection[str]) -> Narrowed:
    """What these query values name; a type may leave out `tocsin.` and its version.

    Raises Invalid for what is no type that is published.
    """
    full = [kind if kind in known else f"tocsin.{kind}.v1" for kind in types]
    for given, kind in zip(types, full, strict=True):
        if kind not in known:
            names = ", ".join(sorted(known))
            raise Invalid(("query:types", f"{given} is not told here; these are: {names}"))
    return Narrowed(frozenset(subjects), frozenset(full))


async def ids_of(
    request: Request, references: Sequence[str], pointer: str = "query:subjects"
) -> list[UUID]:
    """The ids of what is named by id or number; by what is not there nothing is found.

    Raises Invalid for what is neither.
    """
    numbered: Mapping[str, Find] = service_of(request).parts.get(NUMBERED, {})
    return [await _id_of(reference, numbered, pointer) for reference in references]


async def _id_of(reference: str, numbered: Mapping[str, Find], pointer: str) -> UUID:
    prefix, _, number = reference.partition("-")
    find = numbered.get(prefix.upper())
    try:
        is_numbered = find is not None and number.isascii() and number.isdigit()
        return await find(reference) if find and is_numbered else UUID(reference)
    except NotFound:
        return _NOTHING
    except ValueError:
        detail = f"{reference} is no id, nor the number of anything that is told of here"
        raise Invalid((pointer, detail)) from None


@asynccontextmanager
async def place_for(request: Request, caller: Caller) -> AsyncIterator[None]:
    """One of the caller's places, while their stream lasts. Raises TooMany."""
    state = request.app.state
    if not hasattr(state, "streams"):
        state.streams = Counter()
    taken: Counter[str] = state.streams
    if taken[caller.id] >= MOST_EACH:
        raise TooMany(f"you have {MOST_EACH} streams open; end one, or name more subjects on it")
    taken[caller.id] += 1
    try:
        yield
    finally:
        taken[caller.id] -= 1
        if not taken[caller.id]:
            del taken[caller.id]
