"""Counts beside a list's filters, over HTTP: what may be asked of any list, and the answer."""

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import msgspec
from pydantic import Field

from shared import facets
from shared.facets import Facet
from shared.http.asked import Asked
from shared.http.lists import OfMoment, position_asked
from shared.listing import Condition


class FacetsQuery(OfMoment):
    """What is counted, and how much of it; a list says by which fields it can be."""

    by: Sequence[str] = ()
    top: Annotated[
        int, Field(ge=1, le=200, description="How many values of a field, most frequent first")
    ] = 20
    wait_for: Annotated[
        str | None, Field(max_length=64, description="service:position to have been seen")
    ] = None


class FacetCounts(msgspec.Struct):
    """The counts; `total` is what the list with these filters holds."""

    facets: list[Facet]
    total: int
    position: int


class Countable(NamedTuple):
    """What a list can be counted by: fields as SQL over `t`; `many` are arrays of texts in JSON."""

    table: str
    fields: Mapping[str, str]
    many: Mapping[str, str]


async def counted(
    asked: Asked,
    query: FacetsQuery,
    of: Countable,
    own: Mapping[str, Sequence[Condition]],
    always: Sequence[Condition],
) -> facets.Counted:
    """The counts under the list's `own` conditions, by filter, and those that `always` hold.

    Raises Invalid.
    """
    names = list(dict.fromkeys(query.by))
    others = [each for name, some in own.items() if name not in names for each in some]
    return await facets.count(
        asked.service.store.pool,
        facets.Asked(
            table=of.table,
            fields={name: of.fields[name] for name in names if name in of.fields},
            many={name: of.many[name] for name in names if name in of.many},
            conditions=[*others, *always],
            own={name: own[name] for name in names if name in own},
            top=query.top,
            position=await position_asked(asked, query),
        ),
    )
