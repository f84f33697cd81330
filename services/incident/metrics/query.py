"""What may be asked of a metric, and the SQL that answers it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from services.incident.metrics.formulas import Formula, GroupBy
from services.incident.metrics.relation import (
    OF_INCIDENTS,
    OF_UPDATES,
    Relation,
    clocks,
    relation,
)
from shared.effective import Instant
from shared.http.figures import PeriodQuery
from shared.http.lists import Levels
from shared.http.pages import Words
from shared.listing import Condition
from shared.store.store import Store

_KEYS = {
    "priority": "b.priority::text",
    "service": "b.service",
    "group": 'b."group"',
    "category": "b.category",
    "month": "to_char(b.placed at time zone 'UTC', 'YYYY-MM')",
    "target": "jsonb_build_array(b.target, b.target_priority)::text",
}
_FILTERS = {
    "service": "b.service = any({}::text[])",
    "group": 'b."group" = any({}::text[])',
    "category": "b.category = any({}::text[])",
    "priority": "b.priority = any({}::smallint[])",
}
_NARROWED = {
    "service": "t.service = any({}::text[])",
    "group": "t.assignment_group = any({}::text[])",
    "category": "t.category = any({}::text[])",
    "priority": "t.priority = any({}::smallint[])",
}


class MetricQuery(PeriodQuery):
    """Which incidents count, at which moment; unknown parameters are refused."""

    narrowing = tuple(_FILTERS)

    service: Words | None = None
    group: Words | None = None
    category: Words | None = None
    priority: Levels | None = None
    imported: Annotated[bool, Field(description="Count imported incidents too")] = False
    group_by: GroupBy | None = None

    def narrowed(self) -> list[Condition]:
        """The filters on the version rows: some version of each incident meets them."""
        return [(_NARROWED[name], value) for name, value in self.filters().items()]


class Question(NamedTuple):
    """A metric that is asked for, at an instant, by somebody to whom this much is visible."""

    formula: Formula
    query: MetricQuery
    instant: Instant
    visible: Sequence[Condition]

    async def measured(self, store: Store) -> "Measured":
        """The incidents that are asked about. Raises Invalid."""
        if self.formula.of_clocks:
            rows = clocks(self.instant, self.visible)
        else:
            form = OF_UPDATES if self.formula.of_updates else OF_INCIDENTS
            narrowed = self.query.narrowed()
            rows = await relation(store, self.instant, self.visible, narrowed, form)
        return Measured(self.formula, self.query, rows, self.instant.now)


class Measured:
    """Each incident's value, or why it is excluded: SQL `with` clauses, ending in `s`."""

    def __init__(self, formula: Formula, asked: MetricQuery, rows: Relation, now: datetime) -> None:
        self.arguments = list(rows.arguments)
        moment = self.hole(now, "timestamptz") if formula.needs_now else ""
        filters = "".join(
            " and " + _FILTERS[name].replace("{}", self.hole(value))
            for name, value in asked.filters().items()
        )
        self._clauses = f"""with b as ({rows.sql}),
            m as (select b.*, {formula.value.format(now=moment)}::float8 as value,
                         coalesce(b.{formula.placed}, b.declared) as placed,
                         {_excluded(formula, asked)} as excluded
                  from b where {formula.scope.format(now=moment)}{filters}),
            s as (select b.* from m b where true{self._period(formula, asked)})"""

    def hole(self, value: Any, kind: str = "") -> str:
        """A hole of the SQL for this value."""
        self.arguments.append(value)
        return f"${len(self.arguments)}" + (f"::{kind}" if kind else "")

    def sql(self, query: str) -> str:
        """A query over `s`."""
        return f"{self._clauses} {query}"

    def _period(self, formula: Formula, asked: MetricQuery) -> str:
        sides = {"placed >= ": asked.begins, "placed < ": asked.until}
        if formula.name == "mtbf":  # what began earlier may reach into the period
            sides = {"coalesce(b.restored, b.placed) >= ": asked.begins, "placed < ": asked.until}
        stated = ((side, at) for side, at in sides.items() if at is not None)
        return "".join(f" and {side}{self.hole(at, 'timestamptz')}" for side, at in stated)


def aggregated(group_by: GroupBy | None) -> str:
    """The figures of all and of each group, apart by reason of exclusion; none: they count."""
    key = _KEYS[group_by] if group_by else "null::text"
    sets = "((excluded), (key, excluded))" if group_by else "((excluded))"
    total = "grouping(key) = 1" if group_by else "true"
    shown = "key" if group_by else "null::text as key"
    return f"""select {total} as is_total, {shown}, excluded, count(*) as count, avg(value) as mean,
            percentile_cont(0.5) within group (order by value) as median,
            percentile_cont(0.9) within group (order by value) as p90,
            count(*) filter (where value < 0) as contradictory, sum(value) as sum
        from (select {key} as key, b.excluded, b.value from s b) k
        group by grouping sets {sets}"""


def _excluded(formula: Formula, asked: MetricQuery) -> str:
    imported = "" if asked.imported else "when b.imported then 'imported'"
    missing = " ".join(
        f"when b.{each} is null then 'missing_{each.removeprefix('last_')}'"
        for each in formula.needs
    )
    return f"""case when b.status = 'cancelled' then 'cancelled'
        when b.status = 'merged' then 'merged' {imported} {missing} end"""
