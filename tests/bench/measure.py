"""Two sides in turn (A B A B …), and the median of each."""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from tests.bench.load import Requests, Run, load


class Pace(NamedTuple):
    """How long and how often; `scale` shrinks what is filled in beforehand."""

    seconds: float = 6.0
    warm_up: float = 2.0
    rounds: int = 3
    scale: float = 1.0

    def of(self, count: int) -> int:
        """That many, or fewer where it must be quick."""
        return max(int(count * self.scale), 20)


SHORT = Pace(seconds=2.0, warm_up=1.0, rounds=1, scale=0.1)


class Figure(msgspec.Struct, frozen=True):
    """Ours against the baseline, by the medians of their runs; at least `floor` is wanted."""

    ours: float
    baseline: float
    unit: str
    runs: dict[str, list[float]]
    floor: float
    milliseconds: dict[str, float] = {}

    def times(self, many: int, unit: str) -> "Figure":
        """Where each of our requests does so many of what the baseline does one of."""
        runs = self.runs | {"ours": [run * many for run in self.runs["ours"]]}
        return msgspec.structs.replace(self, ours=self.ours * many, unit=unit, runs=runs)

    @property
    def ratio(self) -> float:
        """How we compare."""
        return self.ours / self.baseline


Turn = Callable[[int], Requests]
"""What is asked in a round; round 0 is the warm-up."""


async def compare(ours: Turn, baseline: Turn, pace: Pace, floor: float) -> Figure:
    """Load both in turn."""
    for side in (ours, baseline):
        await load(side(0), pace.warm_up)
    runs: tuple[list[Run], list[Run]] = ([], [])
    for number in range(1, pace.rounds + 1):
        runs[0].append(await load(ours(number), pace.seconds))
        runs[1].append(await load(baseline(number), pace.seconds))
    return _figure([r.rate for r in runs[0]], [r.rate for r in runs[1]], floor, _waits(*runs))


async def compare_rates(
    ours: Callable[[], Awaitable[float]],
    baseline: Callable[[], Awaitable[float]],
    pace: Pace,
    floor: float,
    unit: str,
) -> Figure:
    """The same for what is no load: each answers a rate."""
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(pace.rounds):
        rates[0].append(await ours())
        rates[1].append(await baseline())
    return _figure(*rates, floor, {}, unit)


def _figure(
    ours: Sequence[float],
    baseline: Sequence[float],
    floor: float,
    waits: dict[str, float],
    unit: str = "requests/s",
) -> Figure:
    runs = {"ours": [round(r, 1) for r in ours], "baseline": [round(r, 1) for r in baseline]}
    return Figure(median(ours), median(baseline), unit, runs, floor, waits)


def _waits(ours: Sequence[Run], baseline: Sequence[Run]) -> dict[str, float]:
    return {
        "p50": median(run.p50 for run in ours),
        "p99": median(run.p99 for run in ours),
        "baseline_p50": median(run.p50 for run in baseline),
        "baseline_p99": median(run.p99 for run in baseline),
    }
