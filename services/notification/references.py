"""What managed data names of this service must be there when it is said.

What is retired later stays named. It leads to nobody from then on, which is told when it counts: in
what `nobody_to_tell` says, in a notification's `wording`, in the reasons of `why`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, ParamSpec, TypeVar
from uuid import UUID

import asyncpg

from services.notification.keyed.keyed import stream_of
from shared.errors import Invalid

P = ParamSpec("P")
R = TypeVar("R")
Errors = Sequence[tuple[str, str]]

_THERE = """select id, retired from keyed where to_position is null and id = any($1)
    union all select id, retired from teams where to_position is null and id = any($1)
    union all select id, retired from contacts where to_position is null and id = any($1)"""


class Named(NamedTuple):
    """Something that is named: where, of which kind, by its key (a contact by its id)."""

    pointer: str
    noun: str
    key: str | UUID

    @property
    def stream(self) -> UUID:
        """Where its events stand."""
        return self.key if isinstance(self.key, UUID) else stream_of(self.noun, self.key)


def each_of(pointer: str, noun: str, keys: Iterable[str | UUID]) -> list[Named]:
    """What a list names."""
    return [Named(f"{pointer}/{place}", noun, key) for place, key in enumerate(keys)]


async def faults(pool: asyncpg.Pool, named: Sequence[Named]) -> Errors:
    """By its pointer, what is wrong with each of these that is not there, or not any more."""
    if not named:
        return []
    rows = await pool.fetch(_THERE, [each.stream for each in named])
    retired = {row["id"]: row["retired"] for row in rows}
    return [
        (each.pointer, _fault(each, known=each.stream in retired))
        for each in named
        if retired.get(each.stream, True)
    ]


def without(errors: Errors, command: Callable[P, R]) -> Callable[P, R]:
    """This command, refused where there are such errors.

    They are raised when it is decided: a repeated request is answered as it was, whatever has been
    retired meanwhile.
    """

    def decided(*args: P.args, **kwargs: P.kwargs) -> R:
        if errors:
            raise Invalid(*errors)
        return command(*args, **kwargs)

    return decided


def _fault(named: Named, *, known: bool) -> str:
    if not known:
        return f"there is no {named.noun} {named.key}; add it first"
    if named.noun == "contact":
        return f"the contact {named.key} is retired; name another one"
    return f"the {named.noun} {named.key} is retired; add it again, or name another one"
