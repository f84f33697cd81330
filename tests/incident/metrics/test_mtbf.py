"""Mean time between failures: interval arithmetic against brute force, hour by hour."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incident.catalogue.maintenance import Interval
from services.incident.metrics.mtbf import reliability
from services.incident.metrics.reliable import percentile
from tests.incident.metrics.recomputed import quantile

DAWN = datetime(2026, 6, 1, tzinfo=UTC)
HOURS = 60
PERIOD = (10, 50)


def span(start: int, end: int) -> Interval:
    return Interval(DAWN + timedelta(hours=start), DAWN + timedelta(hours=end))


hours = st.integers(0, HOURS)
spans = st.tuples(hours, hours).map(sorted)
stretches = spans.filter(lambda s: s[0] < s[1])


@given(st.lists(spans, max_size=6), st.lists(stretches, max_size=4))
def test_it_is_what_counting_hours_says(
    downtimes: list[list[int]], maintenance: list[list[int]]
) -> None:
    found = reliability(
        [span(*d) for d in downtimes], [span(*m) for m in maintenance], span(*PERIOD)
    )
    inside = set(range(*PERIOD))
    planned = {h for m in maintenance for h in range(*m)} & inside
    down = ({h for d in downtimes for h in range(*d)} & inside) - planned
    up = inside - planned - down
    begun = [d for d in downtimes if PERIOD[0] <= d[0] < PERIOD[1]]
    failures = sorted(d[0] for d in begun if not was_planned(d, planned))
    assert found.failures == len(failures)
    assert found.planned == len(begun) - len(failures)
    assert [found.uptime, found.downtime, found.maintenance] == [
        3600 * len(some) for some in (up, down, planned)
    ]
    edges = [PERIOD[0], *failures]
    between = [3600 * len(up & set(range(a, b))) for a, b in pairwise(edges)]
    assert list(found.between) == between
    assert found.mean == (found.uptime / len(failures) if failures else None)


def was_planned(downtime: list[int], planned: set[int]) -> bool:
    """All of its hours in the period lie in one stretch; of a moment, the hour it begins."""
    start, end = downtime
    return end <= PERIOD[1] and set(range(start, max(end, start + 1))) <= planned


def test_two_at_once_are_two_failures_and_one_downtime() -> None:
    found = reliability([span(20, 24), span(22, 26)], [], span(*PERIOD))
    assert (found.failures, found.downtime, found.uptime) == (2, 6 * 3600, 34 * 3600)
    assert found.mean == 17 * 3600


def test_what_began_before_is_downtime_and_no_failure() -> None:
    found = reliability([span(5, 12)], [], span(*PERIOD))
    assert (found.failures, found.downtime, found.mean) == (0, 2 * 3600, None)


def test_a_failure_that_outlasts_its_maintenance_counts() -> None:
    found = reliability([span(20, 24)], [span(19, 22)], span(*PERIOD))
    assert (found.failures, found.planned, found.downtime) == (1, 0, 2 * 3600)
    assert found.maintenance == 3 * 3600


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.sampled_from([0.5, 0.9]))
def test_a_percentile_lies_between_its_neighbours(values: list[float], share: float) -> None:
    assert percentile(values, share) == pytest.approx(quantile(values, share))
