"""`tocsin import`: takes other systems' history over, through the API."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from services.cli.imports.sending import Tally, Target, batches, require_somebody, send
from services.cli.imports.uci import Rejected, UciLog
from shared.client import new_client
from shared.process import CannotStart
from shared.settings import Settings

PATH = "/v1/incidents/backfill"
_TIMEOUT = 60.0

imports = typer.Typer(
    name="import", help="Take over another system's history.", no_args_is_help=True
)


@imports.callback()
def _import() -> None:
    """Take over another system's history."""


@imports.command("uci-incidents")
def uci_incidents(
    file: Annotated[Path, typer.Argument(help="The log as CSV, packed by gzip or not")],
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many incidents")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=16, help="Requests at a time")] = 3,
    timezone: Annotated[str, typer.Option(help="The zone its times are read in")] = "UTC",
    system: Annotated[str, typer.Option(help="What its incidents name as their system")] = "uci",
    live: Annotated[bool, typer.Option(help="React to it as if it happened here")] = False,
    strict: Annotated[bool, typer.Option(help="Exit code 3 for rejected rows too")] = False,
    url: Annotated[str, typer.Option(envvar="TOCSIN_URL", help="A running system")] = "",
    token: Annotated[str, typer.Option(envvar="TOCSIN_TOKEN", help="Of the role service")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The report is JSON anyway")] = True,
) -> None:
    """Import the UCI log of a ServiceNow instance; the report is JSON on standard output.

    Bad rows are told one by one and left out, nothing else is. A second run adds nothing, and one
    after an interruption goes on where it stopped.

    Exit codes: 0 done; 1 not done, with the reason; 3 done, but for incidents whose history was
    imported differently before.
    """
    settings = Settings()
    log = UciLog(_readable(file), _zone(timezone))
    client = new_client(base_url=url or f"http://{settings.host}:{settings.port}", timeout=_TIMEOUT)
    client.headers["authorization"] = f"Bearer {token or _service_token(settings)}"
    run = Import(log, Target(client, PATH, system, live), Console(stderr=True, highlight=False))
    started = time.perf_counter()
    asyncio.run(run.all(limit, concurrency))
    report = run.report(time.perf_counter() - started)
    typer.echo(json.dumps(report, indent=1))
    if report["refused"] or (strict and report["rejected"]):
        raise typer.Exit(3)


class Import:
    """One import under way; the console shows how far it is, and each bad row."""

    def __init__(self, log: UciLog, target: Target, console: Console) -> None:
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
        counts, tally = self._tally.counts, self._tally
        return {
            "incidents": counts["incidents"],
            "events": counts["events"],
            "reopened_incidents": counts["reopened_incidents"],
            "reopenings": counts["reopenings"],
            "group_changes": counts["group_changes"],
            "rejected": len(self._rejected),
            "seconds": round(seconds, 3),
            "events_per_second": round(counts["events"] / seconds, 1),
            "recorded_events": counts["recorded_events"],
            "continued_incidents": counts["continued"],
            "known_incidents": counts["known_incidents"],
            "known_events": counts["known_events"],
            "rejected_rows": [each._asdict() for each in self._rejected],
            "refused": tally.refused,
            "deviations": dict(sorted(tally.deviations.items())),
            "deviating_steps": sorted(tally.listed, key=lambda d: (d["external_ref"], d["step"])),
        }


def _readable(file: Path) -> Path:
    if not file.is_file():
        raise CannotStart(f"{file} is no file")
    return file


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CannotStart(f"{name} is no time zone such as Europe/Madrid") from None


def _service_token(settings: Settings) -> str:
    file = settings.home / "tokens.json"
    if not file.exists():
        raise CannotStart("set TOCSIN_TOKEN (role service), or start `make run` in this folder")
    tokens: dict[str, str] = json.loads(file.read_text())
    return tokens["service"]
