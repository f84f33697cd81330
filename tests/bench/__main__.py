"""`make bench`: measures everything, prints a table, writes bench.json."""

import argparse
import os
import sys
from collections.abc import AsyncIterator

import uvloop

from tests.bench.alert_figures import AlertFigures
from tests.bench.aside import memory_after, rebuilt_per_second, seconds_to_run
from tests.bench.figures import Figures
from tests.bench.ground import Ground, ground
from tests.bench.import_figures import ImportFigures
from tests.bench.kedb_figures import KedbFigures
from tests.bench.measure import SHORT, Figure, Pace
from tests.bench.report import HEAD, aside, row, write
from tests.bench.timer_figures import TimerFigures
from tests.bench.told import ToldFigures
from tests.bench.trend_figures import TrendFigures
from tests.support.postgres import ROOT

_NAMES = (
    "command_vs_bare_insert",
    "existing_vs_bare_insert",
    "uncached_vs_bare_insert",
    "command_on_long_incident_vs_new",
    "read_one_vs_bare_select",
    "list_at_100k_vs_1k",
    "facets_vs_bare_sql",
    "feed_events_per_s_vs_copy",
    "alertmanager_alerts_vs_bare_insert",
    "status_change_at_10k_open_vs_100",
    "uci_import_events_per_s_vs_bare_batch",
    "page_fanout",
    "first_attempt_after",
    "due_timers",
    "trend_rules",
    "trend_dry_run",
    "kedb_search",
)


_OTHERS = (AlertFigures, ImportFigures, ToldFigures, TimerFigures)


async def _measure(pace: Pace, names: list[str]) -> None:
    figures: dict[str, Figure] = {}
    beside: dict[str, float] = {}
    async with ground() as place:
        service = await place.incident_service(await place.incident_database("incidents"))
        bare = await place.bare()
        wanted = Figures(place, pace, bare, service)
        others = [
            each(place, pace, bare, service) for each in (*_OTHERS, TrendFigures, KedbFigures)
        ]
        for name in names or _NAMES:
            owner = next(each for each in (wanted, *others) if hasattr(each, name))
            figures[name] = await getattr(owner, name)()
            print(row(name, figures[name]), flush=True)
            if isinstance(owner, TrendFigures):
                for what in owner.beside.keys() - beside.keys():
                    beside[what] = owner.beside[what]
                    print(aside(what, beside[what]), flush=True)
        if not names:
            async for name, value in _beside(place, wanted, pace):
                beside[name] = value
                print(aside(name, value), flush=True)
    write(ROOT / "bench.json", figures, beside)


async def _beside(place: Ground, wanted: Figures, pace: Pace) -> AsyncIterator[tuple[str, float]]:
    fresh = await place.incident_service(await place.incident_database("memory"))
    commands = pace.of(100_000)
    yield "MB, idle", fresh.megabytes
    declare = wanted.declare(fresh)(0)
    yield f"MB, after {commands:,} commands", await memory_after(fresh, declare, commands)
    yield "events/s, rebuild", await rebuilt_per_second(place, fresh.database)
    cold, warm = await seconds_to_run()
    yield "s, first start of everything", cold
    yield "s, later starts", warm


def main() -> None:
    """Measure what was named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a glance: short runs, little data")
    parser.add_argument("figures", nargs="*", help=f"some of: {', '.join(_NAMES)}")
    asked = parser.parse_args()
    if unknown := set(asked.figures) - set(_NAMES):
        sys.exit(f"no such figure: {', '.join(unknown)}")
    print(f"{os.cpu_count()} processors; load before: {os.getloadavg()[0]:.1f}\n{HEAD}")
    uvloop.run(_measure(SHORT if asked.short else Pace(), asked.figures))


if __name__ == "__main__":
    main()
