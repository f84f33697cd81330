"""Lists over HTTP: filters, sorting, full text, any past moment, pages that stay consistent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import asyncpg
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from shared.errors import Invalid
from shared.http.asked import Asked
from shared.http.body import Moment
from shared.http.moments import position_of
from shared.http.pages import (
    SOME,
    Cursor,
    ListQuery,
    filters_of,
    read_cursor,
    split,
    unquoted,
    write_cursor,
)
from shared.http.waiting import has_seen
from shared.listing import Condition, Listing, Slice, Sort

_Level = Annotated[int, Field(ge=1, le=9)]
Levels = Annotated[list[_Level], BeforeValidator(split)]
LevelsOrNone = Annotated[list[_Level | Literal["none"]], BeforeValidator(split), SOME]
Without = Annotated[str, StringConstraints(pattern="^[a-z_]+:.+$", max_length=300)]
"""`filter:value`: what is left out."""

CHANGED = {
    "-updated_at": Sort("t.updated_at", "timestamptz", True),
    "updated_at": Sort("t.updated_at", "timestamptz", False),
    "-created_at": Sort("t.created_at", "timestamptz", True),
    "created_at": Sort("t.created_at", "timestamptz", False),
}
"""Sort orders that every list has."""

WHEN = {
    "created_after": "t.created_at > {}::timestamptz",
    "created_before": "t.created_at < {}::timestamptz",
    "updated_after": "t.updated_at > {}::timestamptz",
    "updated_before": "t.updated_at < {}::timestamptz",
}
"""Conditions that every list knows."""


QueryText = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=200,
        description='Full text: words, "a phrase", -not, or; the last word may be a beginning',
    ),
]


class Timed(BaseModel):
    """Filters that every list has."""

    model_config = ConfigDict(extra="forbid")

    created_after: Moment | None = None
    created_before: Moment | None = None
    updated_after: Moment | None = None
    updated_before: Moment | None = None


class OfMoment(BaseModel):
    """Which moment is asked about."""

    as_of: Annotated[str | None, Field(max_length=64, description="A time or a position")] = None


class TimedQuery(Timed, OfMoment, ListQuery):
    """A list of a moment."""


class TextQuery(TimedQuery):
    """Also by words."""

    q: Annotated[str | None, Field(min_length=1, max_length=200, description="Full text")] = None


class Listed(NamedTuple):
    """A page's rows, and what its answer says beside them."""

    rows: list[asyncpg.Record]
    next_cursor: str | None
    total_estimate: int | None
    position: int


async def listed(
    asked: Asked,
    listing: Listing,
    query: TimedQuery,
    sort: str | Sort,
    conditions: list[Condition],
    *,
    also: str = "",
) -> Listed:
    """The page this query asks for; its cursor is bound to the query and to what `also` says.

    Raises Invalid, NotCaughtUp.
    """
    await has_seen(asked.service, query.wait_for)
    filters = filters_of(query) + also
    cursor = read_cursor(query.cursor, asked, filters)
    found = await listing.page(
        asked.service.store.pool,
        Slice(
            conditions=conditions,
            sort=sort,
            limit=query.limit,
            position=cursor.position if cursor else await position_asked(asked, query),
            after=cursor.place if cursor else None,
        ),
    )
    following = None
    if found.next is not None:
        place = Cursor(found.position, _text(found.next.value), found.next.id)
        following = write_cursor(place, asked, filters)
    return Listed(found.rows, following, found.total, found.position)


def given(query: TimedQuery, known: Mapping[str, str]) -> list[Condition]:
    """The conditions (SQL, value) of the filters that this query states."""
    values = {name: getattr(query, name) for name in known}
    return [(known[name], _meant(value)) for name, value in values.items() if value is not None]


def _meant(value: Any) -> Any:
    """Without the quotes that hold commas."""
    if not isinstance(value, list):
        return value
    return [unquoted(each) if type(each) is str else each for each in value]


async def position_asked(asked: Asked, query: OfMoment) -> int | None:
    """The position a query's `as_of` names, if it names one. Raises Invalid."""
    if query.as_of is not None and getattr(query, "q", None) is not None:
        raise Invalid(
            ("query:as_of", "cannot be combined with q: texts are searched as they are now")
        )
    return await position_of(query.as_of, asked.service.store.log)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
