"""How many rows of a versioned table have each value of some fields: what a filter panel shows.

Each facet is counted under every filter but its own, so that a choice does not hide its
alternatives. One statement, one look at each row.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import msgspec

from shared.listing import Condition, moments, where_of


class Value(msgspec.Struct, frozen=True):
    """A value and how many have it; null where they have none."""

    value: str | int | None
    count: int


class Facet(msgspec.Struct, frozen=True):
    """A field's most frequent values, and how many values and rows there are beside them."""

    field: str
    values: list[Value]
    other_values: int
    other: int


class Asked(NamedTuple):
    """What is counted: fields by name as SQL over `t` (`many`: an array of texts in JSON).

    `conditions` hold for all, `own` for all but the facet of that name.
    """

    table: str
    fields: Mapping[str, str]
    many: Mapping[str, str]
    conditions: Sequence[Condition]
    own: Mapping[str, Sequence[Condition]]
    top: int
    position: int | None = None


class Counted(NamedTuple):
    """The facets in the order asked for, how many rows meet all conditions, and when."""

    facets: list[Facet]
    total: int
    position: int


async def count(pool: asyncpg.Pool, asked: Asked) -> Counted:
    """Count in one round trip."""
    arguments: list[Any] = []
    rows = await pool.fetch(_sql(asked, arguments), *arguments)
    found: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row["facet"], []).append(row)
    [whole] = found.pop("")
    facets = [_facet(name, found.get(name, [])) for name in (*asked.fields, *asked.many)]
    return Counted(facets, whole["n"], whole["position"])


def _facet(name: str, rows: Sequence[asyncpg.Record]) -> Facet:
    values = [Value(row["value"], row["n"]) for row in rows if not row["is_other"]]
    other = next((row for row in rows if row["is_other"]), None)
    return Facet(name, values, other["several"] if other else 0, other["n"] if other else 0)


def _sql(asked: Asked, arguments: list[Any]) -> str:
    """Rows of (facet, value, count), the whole under the empty name."""
    holds = {
        name: f"({where_of(own, arguments, asked.position).removeprefix(' and ')}) is true"
        for name, own in asked.own.items()
    }
    where = where_of(asked.conditions, arguments, asked.position)
    columns = [
        *(f"{sql} as f{n}" for n, sql in enumerate(asked.fields.values())),
        *(f"{sql} as m{n}" for n, sql in enumerate(asked.many.values())),
        *(f"{sql} as h{n}" for n, sql in enumerate(holds.values())),
    ]
    source = " union all ".join(
        f"select {', '.join(columns)} from {asked.table} t where {moment}{where}"
        for moment in moments(asked.position)
    )
    position = "(select l.position from log l)" if asked.position is None else str(asked.position)
    kind = "materialized" if asked.many else "not materialized"
    return f"""with source as {kind} ({source}),
    counted as ({" union all ".join([_plain(asked, holds), *_many(asked, holds)])}),
    ranked as (select c.*, row_number() over (
        partition by c.facet order by c.n desc, c.value nulls first) as place from counted c
        where c.n > 0 or c.facet = '')
    select r.facet, case when r.place <= {asked.top} then r.value end as value,
        sum(r.n)::bigint as n, count(*) as several, r.place > {asked.top} as is_other,
        {position} as position
    from ranked r group by 1, 2, 5, case when r.place <= {asked.top} then r.place end
    order by 1, 5, min(r.place)"""


def _plain(asked: Asked, holds: Mapping[str, str]) -> str:
    """All single-valued facets, and the whole, by grouping sets."""
    fields = [f"f{n}" for n in range(len(asked.fields))]
    bits = [1 << (len(fields) - 1 - n) for n in range(len(fields))]
    everything = sum(bits)
    which = f"grouping({', '.join(fields)})" if fields else "0"
    sets = "".join(f"({field}), " for field in fields)
    cases = list(zip(asked.fields, fields, bits, strict=True))
    name = _case(which, [(everything - bit, f"'{n}'") for n, _, bit in cases], "''")
    value = _case(which, [(everything - bit, f"to_jsonb({f})") for _, f, bit in cases], "null")
    counts = [(everything - b, _count(n, holds)) for n, _, b in cases if n in holds]
    n = _case(which, counts, _count("", holds))
    return (
        f"select {name} as facet, {value}::jsonb as value, {n} as n "
        f"from source group by grouping sets ({sets}())"
    )


def _many(asked: Asked, holds: Mapping[str, str]) -> list[str]:
    return [
        f"select '{name}', to_jsonb(e.value), {_count(name, holds)} "
        f"from source, jsonb_array_elements_text(m{n}) e group by e.value"
        for n, name in enumerate(asked.many)
    ]


def _case(which: str, cases: Sequence[tuple[int, str]], otherwise: str) -> str:
    said = " ".join(f"when {number} then {sql}" for number, sql in cases)
    return f"case {which} {said} else {otherwise} end" if cases else otherwise


def _count(name: str, holds: Mapping[str, str]) -> str:
    """How many rows meet the own conditions of all other facets."""
    others = [f"h{n}" for n, other in enumerate(holds) if other != name]
    return f"count(*) filter (where {' and '.join(others)})" if others else "count(*)"
