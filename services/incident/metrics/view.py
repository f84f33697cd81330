"""How metrics look: a formula, a result, the incidents behind it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.incident.metrics.formulas import Formula


class FormulaView(msgspec.Struct, frozen=True):
    """A metric that can be asked for; `placed_by` is the milestone that puts it into a period."""

    name: str
    id: str
    version: int
    formula: str
    unit: str
    placed_by: str
    needs: tuple[str, ...]
    href: str


class FormulaPage(msgspec.Struct):
    """All metrics."""

    items: list[FormulaView]


class Excluded(msgspec.Struct, frozen=True):
    """How many incidents do not count, and why."""

    count: int
    reasons: dict[str, int]


class Figures(msgspec.Struct, kw_only=True):
    """Mean, median, 90th percentile and how many; null where nothing counts.

    `contradictory` counts values below zero, which do count: their milestones contradict each
    other until somebody corrects one.
    """

    count: int
    mean: float | None
    median: float | None
    p90: float | None
    excluded: Excluded
    contradictory: int
    numerator: int | msgspec.UnsetType = msgspec.UNSET
    denominator: int | msgspec.UnsetType = msgspec.UNSET
    uptime_seconds: float | msgspec.UnsetType = msgspec.UNSET
    downtime_seconds: float | msgspec.UnsetType = msgspec.UNSET
    maintenance_seconds: float | msgspec.UnsetType = msgspec.UNSET


class Group(Figures, kw_only=True):
    """The figures of one group; no key: what it is grouped by is not set.

    Of a target the key is its name, and `priority` that of its clocks.
    """

    key: str | int | None
    priority: int | msgspec.UnsetType | None = msgspec.UNSET


class Formulated(msgspec.Struct, frozen=True):
    """By which formula a value was made."""

    id: str
    version: int
    text: str


class Period(msgspec.Struct, frozen=True):
    """From a moment until before another, by this milestone."""

    begins: datetime | None = msgspec.field(name="from")
    until: datetime | None
    by: str


class MetricView(Figures, kw_only=True):
    """A metric. `inputs` is where the incidents and events behind it are listed."""

    name: str
    unit: str
    formula: Formulated
    period: Period
    filters: dict[str, Any]
    imported: bool
    position: int
    effective_at: datetime | None
    group_by: str | None
    groups: list[Group]
    more_groups: int
    inputs: str


class Input(msgspec.Struct, kw_only=True):
    """An incident behind a metric: its value, or why it has none; the events that prove it."""

    incident: UUID
    number: str
    value: float | None
    excluded: str | None
    events: dict[str, list[UUID]]
    clock: str | msgspec.UnsetType = msgspec.UNSET
    target: str | msgspec.UnsetType = msgspec.UNSET


class InputPage(msgspec.Struct, kw_only=True):
    """A page of the incidents behind a metric, by number."""

    items: list[Input]
    next_cursor: str | None
    total_estimate: int | None
    position: int


def formula_view(formula: Formula) -> FormulaView:
    """A formula as it is listed."""
    return FormulaView(
        name=formula.name,
        id=formula.id,
        version=formula.version,
        formula=formula.text,
        unit=formula.unit,
        placed_by=formula.placed.removeprefix("last_"),
        needs=tuple(each.removeprefix("last_") for each in formula.needs),
        href=f"/v1/incident/metrics/{formula.name}",
    )
