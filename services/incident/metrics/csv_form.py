"""A metric as CSV, safe to open in a spreadsheet: no text of ours begins a formula there."""

import csv
import io
from collections.abc import Iterable

from services.incident.metrics.view import Group, MetricView
from shared.spreadsheet import safe

HEAD = (
    "metric", "formula", "version", "position", "group_by", "group", "count", "mean", "median",
    "p90", "unit", "excluded", "contradictory",
)  # fmt: skip


def as_csv(metric: MetricView) -> str:
    """One line for everything, then one for each group (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerow(_line(metric, "", "", metric))
    for group in metric.groups:
        key = group.key if not group.priority else f"{group.key} / {group.priority}"
        writer.writerow(_line(metric, metric.group_by or "", key, group))
    return text.getvalue()


def _line(
    metric: MetricView, group_by: str, key: str | int | None, figures: MetricView | Group
) -> Iterable[str | int | float | None]:
    return (
        metric.name, metric.formula.id, metric.formula.version, metric.position, group_by,
        safe(key), figures.count, figures.mean, figures.median, figures.p90, metric.unit,
        figures.excluded.count, figures.contradictory,
    )  # fmt: skip
