"""How metrics look: a formula, a result, the problems behind it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.problem.metrics.formulas import Formula


class ProblemFormulaView(msgspec.Struct, frozen=True):
    """A metric that can be asked for, of problems or of incidents (`of`).

    `placed_by` is the milestone that puts one into a period.
    """

    name: str
    id: str
    version: int
    of: str
    formula: str
    unit: str
    placed_by: str
    needs: tuple[str, ...]
    href: str


class ProblemFormulas(msgspec.Struct):
    """All metrics of problems."""

    items: list[ProblemFormulaView]


class LeftOut(msgspec.Struct, frozen=True):
    """How many do not count, and why."""

    count: int
    reasons: dict[str, int]


class ProblemFigures(msgspec.Struct, kw_only=True):
    """Mean, median, 90th percentile and how many; null where nothing counts.

    `contradictory` counts values below zero, which do count. Of a share, numerator / denominator.
    """

    count: int
    mean: float | None
    median: float | None
    p90: float | None
    excluded: LeftOut
    contradictory: int
    numerator: int | msgspec.UnsetType = msgspec.UNSET
    denominator: int | msgspec.UnsetType = msgspec.UNSET


class ProblemGroup(ProblemFigures, kw_only=True):
    """The figures of one group; no key: what it is grouped by is not set."""

    key: str | int | None


class ByFormula(msgspec.Struct, frozen=True):
    """By which formula a value was made."""

    id: str
    version: int
    text: str


class PlacedIn(msgspec.Struct, frozen=True):
    """From a moment until before another, by this milestone."""

    begins: datetime | None = msgspec.field(name="from")
    until: datetime | None
    by: str


class ProblemMetric(ProblemFigures, kw_only=True):
    """A metric. `inputs` is where the problems and events behind it are listed."""

    name: str
    unit: str
    formula: ByFormula
    period: PlacedIn
    filters: dict[str, Any]
    imported: bool
    position: int
    effective_at: datetime | None
    group_by: str | None
    groups: list[ProblemGroup]
    more_groups: int
    inputs: str


class ProblemInput(msgspec.Struct, kw_only=True):
    """A problem behind a metric, or an incident where it is one of incidents: its value, or why it
    has none; the events that prove it.
    """

    problem: UUID | msgspec.UnsetType = msgspec.UNSET
    incident: UUID | msgspec.UnsetType = msgspec.UNSET
    number: str
    value: float | None
    excluded: str | None
    events: dict[str, list[UUID]]


class ProblemInputs(msgspec.Struct, kw_only=True):
    """A page of what is behind a metric, by number."""

    items: list[ProblemInput]
    next_cursor: str | None
    total_estimate: int
    position: int


def formula_view(formula: Formula) -> ProblemFormulaView:
    """A formula as it is listed."""
    return ProblemFormulaView(
        name=formula.name,
        id=formula.id,
        version=formula.version,
        of=formula.of,
        formula=formula.text,
        unit=formula.unit,
        placed_by=formula.placed,
        needs=formula.needs,
        href=f"/v1/problem/metrics/{formula.name}",
    )
