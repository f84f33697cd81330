"""A metric as CSV: one line for everything, then one for each group (RFC 4180)."""

import csv
import io
from collections.abc import Iterable

from services.problem.metrics.view import ProblemFigures, ProblemMetric
from shared.spreadsheet import safe

HEAD = (
    "metric", "formula", "version", "position", "group_by", "group", "count", "mean", "median",
    "p90", "unit", "excluded", "contradictory",
)  # fmt: skip


def as_csv(metric: ProblemMetric) -> str:
    """Its lines, safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerow(_line(metric, "", "", metric))
    for group in metric.groups:
        writer.writerow(_line(metric, metric.group_by or "", group.key, group))
    return text.getvalue()


def _line(
    metric: ProblemMetric, group_by: str, key: str | int | None, figures: ProblemFigures
) -> Iterable[str | int | float | None]:
    return (
        metric.name, metric.formula.id, metric.formula.version, metric.position, group_by,
        safe(key), figures.count, figures.mean, figures.median, figures.p90, metric.unit,
        figures.excluded.count, figures.contradictory,
    )  # fmt: skip
