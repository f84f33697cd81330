"""What a live stream is narrowed to, and how many of them one caller may have open."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from fastapi import Request

from shared.auth.caller import Caller
from shared.errors import Invalid, TooMany
from shared.feed import Told

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


def narrowed(subjects: Sequence[str], types: Sequence[str], known: Collection[str]) -> Narrowed:
    """What these query values name; a type may leave out `tocsin.` and its version.

    Raises Invalid for what is no id, or no type that is published.
    """
    full = [kind if kind in known else f"tocsin.{kind}.v1" for kind in types]
    for given, kind in zip(types, full, strict=True):
        if kind not in known:
            names = ", ".join(sorted(known))
            raise Invalid(("query:types", f"{given} is not told here; these are: {names}"))
    return Narrowed(frozenset(map(_subject, subjects)), frozenset(full))


def _subject(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(
            ("query:subjects", f"{text} is no id; read it by its number, the answer holds its id")
        ) from None


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
