"""A metric's figures: of everything, and of each group."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from services.incident.catalogue.catalogue import Catalogue
from services.incident.metrics.formulas import Formula, GroupBy
from services.incident.metrics.query import Question, aggregated
from services.incident.metrics.reliable import period_of, reliabilities, rounded, within_period
from services.incident.metrics.view import Excluded, Figures, Formulated, Group, MetricView, Period
from shared.store.store import Store

MOST_GROUPS = 1_000


async def measure(store: Store, catalogue: Catalogue, question: Question) -> MetricView:
    """The metric at its instant, of what is visible. Raises Invalid."""
    if question.formula.name == "mtbf":
        period = period_of(question)
        question = within_period(question, period)
        measured = await question.measured(store)
        windows = await catalogue.windows_at(question.instant.position)
        return _view(question, "service", *await reliabilities(store, measured, period, windows))
    grouped: GroupBy | None = question.query.group_by or question.formula.grouped
    measured = await question.measured(store)
    rows = await store.pool.fetch(measured.sql(aggregated(grouped)), *measured.arguments)
    return _view(question, grouped, *_figures(question.formula, rows, grouped))


def _figures(
    formula: Formula, rows: Sequence[Any], grouped: GroupBy | None
) -> tuple[Group, list[Group]]:
    by_key: dict[tuple[bool, str | None], list[Any]] = {}
    for row in rows:
        by_key.setdefault((row["is_total"], row["key"]), []).append(row)
    total = _group(formula, None, by_key.pop((True, None), []))
    groups = [_group(formula, _key(k, grouped), some) for (_, k), some in by_key.items()]
    return total, list(map(_of_target, groups)) if grouped == "target" else groups


def _group(formula: Formula, key: str | int | None, rows: Sequence[Any]) -> Group:
    counted = next((dict(row) for row in rows if row["excluded"] is None), _NOTHING)
    reasons = Counter({r["excluded"]: r["count"] for r in rows if r["excluded"] is not None})
    group = Group(
        key=key,
        count=counted["count"],
        mean=rounded(counted["mean"]),
        median=rounded(counted["median"]),
        p90=rounded(counted["p90"]),
        excluded=Excluded(reasons.total(), dict(sorted(reasons.items()))),
        contradictory=counted["contradictory"],
    )
    if formula.unit == "share":
        group.numerator, group.denominator = int(counted["sum"] or 0), group.count
    return group


_NOTHING: dict[str, Any] = {
    "count": 0, "mean": None, "median": None, "p90": None, "contradictory": 0, "sum": 0,
}  # fmt: skip


def _key(key: str | None, grouped: GroupBy | None) -> str | int | None:
    return int(key) if key is not None and grouped == "priority" else key


def _of_target(group: Group) -> Group:
    group.key, group.priority = msgspec.json.decode(str(group.key))
    return group


def _view(
    question: Question, grouped: GroupBy | None, total: Group, groups: list[Group]
) -> MetricView:
    formula, asked, instant, _ = question
    shown = sorted(groups, key=_order) if grouped else []
    figures = {name: getattr(total, name) for name in Figures.__struct_fields__}
    return MetricView(
        **figures,
        name=formula.name,
        unit=formula.unit,
        formula=Formulated(formula.id, formula.version, formula.text),
        period=Period(asked.begins, asked.until, formula.placed.removeprefix("last_")),
        filters=asked.filters(),
        imported=asked.imported,
        position=instant.position,
        effective_at=instant.effective_at,
        group_by=grouped,
        groups=shown[:MOST_GROUPS],
        more_groups=max(len(shown) - MOST_GROUPS, 0),
        inputs=f"/v1/incident/metrics/{formula.name}/inputs?{asked.behind(instant)}",
    )


def _order(group: Group) -> tuple[bool, int, str, int]:
    key = group.key
    return (key is None, key if isinstance(key, int) else 0, str(key), group.priority or 99)
