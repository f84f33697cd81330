"""`mtbf` from the database: the downtimes of each service, and what was planned of them."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from services.incident.catalogue.known import Present
from services.incident.catalogue.maintenance import Interval, occurrences
from services.incident.metrics.mtbf import Reliability, reliability
from services.incident.metrics.query import Measured, Question
from services.incident.metrics.view import Excluded, Group
from shared.errors import Invalid
from shared.store.store import Store

MOST_ROWS = 200_000
USUAL = timedelta(days=90)
LONGEST = timedelta(days=3_660)
_ROWS = f"select service, started, restored, excluded from s limit {MOST_ROWS + 1}"


def period_of(question: Question) -> Interval:
    """The period that is asked about: until now, of 90 days, where nothing else is said."""
    until = question.query.until or question.instant.now
    begins = question.query.begins or until - USUAL
    if not begins < until <= begins + LONGEST:
        raise Invalid(("query:from", f"mtbf needs a period of at most {LONGEST.days:,} days"))
    return Interval(begins, until)


def within_period(question: Question, period: Interval) -> Question:
    """The same question, of this period."""
    told = {"begins": period.start, "until": period.end}
    return question._replace(query=question.query.model_copy(update=told))


async def reliabilities(
    store: Store, measured: Measured, period: Interval, windows: Present
) -> tuple[Group, list[Group]]:
    """Of all services together, and of each. Raises Invalid where there are too many incidents."""
    rows = await store.pool.fetch(measured.sql(_ROWS), *measured.arguments)
    if len(rows) > MOST_ROWS:
        raise Invalid(("query:service", f"more than {MOST_ROWS:,} incidents: narrow it"))
    return await asyncio.to_thread(_reliabilities, rows, period, windows)


def _reliabilities(
    rows: Sequence[Any], period: Interval, windows: Present
) -> tuple[Group, list[Group]]:
    down, excluded = _by_service(rows)
    found = {
        service: reliability(some, _maintenance(windows, service, period), period)
        for service, some in down.items()
    }
    groups = [_group(s, found.get(s), excluded.get(s, Counter())) for s in {*found, *excluded}]
    return _all(found.values(), excluded.values()), groups


def _by_service(
    rows: Sequence[Any],
) -> tuple[dict[str | None, list[Interval]], dict[str | None, Counter[str]]]:
    down: dict[str | None, list[Interval]] = {}
    excluded: dict[str | None, Counter[str]] = {}
    for service, started, restored, reason in rows:
        if reason is None and restored >= started:
            down.setdefault(service, []).append(Interval(started, restored))
        else:
            why = reason or "contradictory"
            excluded.setdefault(service, Counter())[why] += 1
    return down, excluded


def _maintenance(windows: Present, service: str | None, period: Interval) -> Iterable[Interval]:
    for each in windows.windows_of("service", service):
        yield from occurrences(each.window, *period)


def _group(key: str | None, found: Reliability | None, excluded: Mapping[str, int]) -> Group:
    made = found or Reliability(0, 0, 0.0, 0.0, 0.0, ())
    reasons = dict(excluded) | ({"in_maintenance": made.planned} if made.planned else {})
    return Group(
        key=key,
        count=made.failures,
        mean=rounded(made.mean),
        median=rounded(median(made.between)) if made.between else None,
        p90=rounded(percentile(made.between, 0.9)),
        excluded=Excluded(sum(reasons.values()), reasons),
        contradictory=0,
        uptime_seconds=rounded(made.uptime) or 0.0,
        downtime_seconds=rounded(made.downtime) or 0.0,
        maintenance_seconds=rounded(made.maintenance) or 0.0,
    )


def _all(found: Iterable[Reliability], excluded: Iterable[Counter[str]]) -> Group:
    some = list(found)
    together = Reliability(
        sum(each.failures for each in some),
        sum(each.planned for each in some),
        sum(each.uptime for each in some),
        sum(each.downtime for each in some),
        sum(each.maintenance for each in some),
        tuple(span for each in some for span in each.between),
    )
    return _group(None, together, sum(excluded, Counter()))


def percentile(values: Iterable[float], share: float) -> float | None:
    """As PostgreSQL's percentile_cont: between the two nearest values, by distance."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def rounded(value: float | None) -> float | None:
    """To the microsecond: sums of many values differ behind it by their order."""
    return None if value is None else round(value, 6)
