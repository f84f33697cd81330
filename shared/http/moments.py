"""Reading the past: `as_of` (what was known then), `effective_at` (what had happened)."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import TypeAdapter, ValidationError

from shared.errors import Invalid
from shared.http.body import Moment
from shared.store.reader import LogReader

AsOf = Annotated[
    str | None,
    Query(
        max_length=64,
        description="What the system knew then: a time, or a position of the log (included)",
        examples=["2026-11-22T10:04:00Z"],
    ),
]
EffectiveAt = Annotated[
    str | None,
    Query(
        max_length=64,
        description="What had happened in the world by this time (RFC 3339), as known now",
        examples=["2026-11-22T09:58:00Z"],
    ),
]

_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


async def position_of(as_of: str | None, log: LogReader) -> int | None:
    """The log position an `as_of` names; None where it is not given.

    Raises Invalid for what is neither a time nor a position, or lies beyond the log's head.
    """
    if as_of is None:
        return None
    if as_of.isascii() and as_of.isdigit() and len(as_of) <= 18:
        return await _existing(int(as_of), log)
    moment = _moment(as_of, "as_of")
    head = await log.head()
    if moment > head.recorded_at and moment > head.now:
        raise Invalid(("query:as_of", "lies in the future"))
    return await log.position_at(moment)


async def time_of(as_of: str | None, log: LogReader) -> datetime | None:
    """When it was at that moment of the log; None where none is given. After `position_of`."""
    if as_of is None or not as_of.isdigit():
        return moment_of(as_of, "as_of")
    before = await log.page(int(as_of) - 1, until=int(as_of), limit=1)
    return before[0].recorded_at if before else None


def moment_of(value: str | None, name: str = "effective_at") -> datetime | None:
    """The time a query parameter names, if it is given. Raises Invalid."""
    return None if value is None else _moment(value, name)


def _moment(value: str, name: str) -> datetime:
    try:
        return _MOMENT.validate_python(value)
    except ValidationError as failure:
        reason = str(failure.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Invalid((f"query:{name}", reason)) from None


async def _existing(position: int, log: LogReader) -> int:
    head = await log.head()
    if position > head.position:
        raise Invalid(("query:as_of", f"lies beyond the log's head, which is {head.position}"))
    return position
