"""A metric's figures: of everything, and of each group."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import fmean, median
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from services.problem.metrics.formulas import Formula, GroupBy, Measured, excluded, placed
from services.problem.metrics.offered import MeasuredIncident
from services.problem.metrics.view import (
    ByFormula,
    LeftOut,
    PlacedIn,
    ProblemGroup,
    ProblemMetric,
)
from shared.effective import Instant
from shared.http.figures import PeriodQuery
from shared.http.lists import Levels
from shared.http.pages import Words, unquoted

MOST_GROUPS = 1_000
_FILTERS = ("service", "group", "category", "priority")


class ProblemMetricQuery(PeriodQuery):
    """Which problems count, at which moment; unknown parameters are refused."""

    narrowing = _FILTERS

    service: Words | None = None
    group: Words | None = None
    category: Words | None = None
    priority: Levels | None = None
    imported: Annotated[bool, Field(description="Count imported problems too")] = False
    group_by: GroupBy | None = None


Subject = Measured | MeasuredIncident


class Value(NamedTuple):
    """A problem or incident that is asked about: its value, or why it has none."""

    measured: Subject
    value: float | None
    excluded: str | None


def values(
    formula: Formula, query: ProblemMetricQuery, instant: Instant, subjects: Iterable[Subject]
) -> list[Value]:
    """Of those that the question is about."""
    found = []
    for subject in subjects:
        if formula.scope(subject) and _is_asked_about(formula, query, subject):
            why = excluded(formula, subject, imported=query.imported)
            value = None if why else round(formula.value(subject, instant.now), 6)
            found.append(Value(subject, value, why))
    return found


def metric(
    formula: Formula, query: ProblemMetricQuery, instant: Instant, found: Sequence[Value]
) -> ProblemMetric:
    """The figures of these values, together and by group."""
    by = query.group_by or formula.grouped
    groups = _groups(formula, by, found) if by else []
    return ProblemMetric(
        **_figures(formula, found),
        name=formula.name,
        unit=formula.unit,
        formula=ByFormula(formula.id, formula.version, formula.text),
        period=PlacedIn(query.begins, query.until, formula.placed),
        filters=query.filters(),
        imported=query.imported,
        position=instant.position,
        effective_at=instant.effective_at,
        group_by=by,
        groups=groups[:MOST_GROUPS],
        more_groups=max(len(groups) - MOST_GROUPS, 0),
        inputs=f"/v1/problem/metrics/{formula.name}/inputs?{query.behind(instant)}",
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """As PostgreSQL's percentile_cont: between the two nearest values, by distance."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _is_asked_about(formula: Formula, query: ProblemMetricQuery, subject: Subject) -> bool:
    for name, wanted in query.filters().items():
        meant = [unquoted(each) if isinstance(each, str) else each for each in wanted]
        if getattr(subject, name) not in meant:
            return False
    at = placed(formula, subject)
    return (query.begins is None or query.begins <= at) and (
        query.until is None or at < query.until
    )


def _groups(formula: Formula, by: GroupBy, found: Sequence[Value]) -> list[ProblemGroup]:
    some: dict[str | int | None, list[Value]] = {}
    for each in found:
        some.setdefault(_key(formula, by, each.measured), []).append(each)
    ordered = sorted(some.items(), key=lambda group: (group[0] is None, str(group[0])))
    return [ProblemGroup(key=key, **_figures(formula, these)) for key, these in ordered]


def _key(formula: Formula, by: GroupBy, subject: Subject) -> str | int | None:
    if by == "month":
        at: datetime = placed(formula, subject)
        return f"{at:%Y-%m}"
    key: str | int | None = getattr(subject, by)
    return key


def _figures(formula: Formula, found: Sequence[Value]) -> dict[str, Any]:
    counted = sorted(each.value for each in found if each.value is not None)
    reasons = Counter(each.excluded for each in found if each.excluded is not None)
    figures = {
        "count": len(counted),
        "mean": round(fmean(counted), 6) if counted else None,
        "median": round(median(counted), 6) if counted else None,
        "p90": round(percentile(counted, 0.9), 6) if counted else None,
        "excluded": LeftOut(reasons.total(), dict(sorted(reasons.items()))),
        "contradictory": sum(value < 0 for value in counted),
    }
    if formula.unit == "share":
        figures |= {"numerator": int(sum(counted)), "denominator": len(counted)}
    return figures
