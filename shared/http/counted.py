"""Requests counted for Prometheus; its own counters take locks, which one loop does not need."""

from bisect import bisect_left
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class _Seen:
    __slots__ = ("by_bound", "seconds")

    def __init__(self) -> None:
        self.by_bound = [0] * (len(_BOUNDS) + 1)
        self.seconds = 0.0


class RequestsCounted(Collector):
    """How many requests each route answered with which status, and how long that took."""

    def __init__(self) -> None:
        self._answered: dict[tuple[str, str, int], int] = {}
        self._routes: dict[str, _Seen] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request has been answered."""
        answered = (route, method, status)
        self._answered[answered] = self._answered.get(answered, 0) + 1
        seen = self._routes.get(route)
        if seen is None:
            seen = self._routes[route] = _Seen()
        seen.by_bound[bisect_left(_BOUNDS, seconds)] += 1
        seen.seconds += seconds

    def collect(self) -> Iterable[Metric]:
        """As Prometheus reads it."""
        requests = CounterMetricFamily(
            "tocsin_http_requests", "Requests answered", labels=["route", "method", "status"]
        )
        for (route, method, status), count in self._answered.items():
            requests.add_metric([route, method, str(status)], count)
        took = HistogramMetricFamily(
            "tocsin_http_request_seconds", "Seconds to the end of the answer", labels=["route"]
        )
        for route, seen in self._routes.items():
            took.add_metric([route], _cumulative(seen.by_bound), sum_value=seen.seconds)
        return [requests, took]


def _cumulative(by_bound: list[int]) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for bound, count in zip((*map(str, _BOUNDS), "+Inf"), by_bound, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets
