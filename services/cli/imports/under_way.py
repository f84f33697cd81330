"""An import under way: several requests at a time, and its report in the end."""

import asyncio
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from services.cli.imports.record import Log, Rejected
from services.cli.imports.sending import Tally, Target, batches, require_somebody, send


class Import:
    """One import under way; the console shows how far it is, and each bad row."""

    def __init__(self, log: Log, target: Target, console: Console) -> None:
        self._log = log
        self._target = target
        self._tally = Tally()
        self._rejected: list[Rejected] = []
        self._console = console

    async def all(self, limit: int | None = None, concurrency: int = 3) -> None:
        """Send everything. Raises CannotStart."""
        waiting = batches(self._histories(limit))
        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, console=self._console) as progress:
            bar = progress.add_task("importing", total=self._log.size)
            async with self._target.client:
                await require_somebody(self._target)
                workers = [self._work(waiting, progress, bar) for _ in range(concurrency)]
                await asyncio.gather(*workers)
            progress.update(bar, completed=self._log.size)

    async def _work(
        self, waiting: Iterator[list[dict[str, Any]]], progress: Progress, bar: TaskID
    ) -> None:
        for batch in waiting:  # one iterator for all: each batch is somebody's
            self._tally.add(await send(self._target, batch))
            told = f"{self._tally.counts['events']:,} events"
            progress.update(bar, completed=self._log.bytes_read, description=told)

    def _histories(self, limit: int | None) -> Iterator[dict[str, Any]]:
        for ticket in self._log.tickets(limit):
            for each in ticket.rejected:
                self._console.print(f"row {each.row}, {each.external_ref}: {each.reason}")
            self._rejected.extend(ticket.rejected)
            if ticket.body is not None:
                yield ticket.body

    def report(self, seconds: float) -> dict[str, Any]:
        """What was added; `known_…` was there before."""
        counts, tally, kind = self._tally.counts, self._tally, self._target.kind
        return {
            kind.name: counts["added"],
            "events": counts["events"],
            kind.turned: counts["turned"],
            kind.turning: counts["turnings"],
            "group_changes": counts["group_changes"],
            "rejected": len(self._rejected),
            "seconds": round(seconds, 3),
            "events_per_second": round(counts["events"] / seconds, 1),
            "recorded_events": counts["recorded_events"],
            f"continued_{kind.name}": counts["continued"],
            f"known_{kind.name}": counts["known"],
            "known_events": counts["known_events"],
            "rejected_rows": [each._asdict() for each in self._rejected],
            "refused": tally.refused,
            "deviations": dict(sorted(tally.deviations.items())),
            "deviating_steps": sorted(tally.listed, key=lambda d: (d["external_ref"], d["step"])),
        }
