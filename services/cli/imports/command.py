"""`tocsin import`: takes other systems' history over, through the API."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from services.cli.calling import Token, Url, client_of
from services.cli.imports.bpi import BpiLog
from services.cli.imports.record import Log
from services.cli.imports.sending import INCIDENTS, PROBLEMS, Kind, Target
from services.cli.imports.uci import UciLog
from services.cli.imports.under_way import Import
from shared.process import CannotStart

commands = typer.Typer(
    name="import", help="Take over another system's history.", no_args_is_help=True
)


@commands.callback()
def _import() -> None:
    """Take over another system's history."""


Limit = Annotated[int | None, typer.Option(min=1, help="The first so many")]
Concurrency = Annotated[int, typer.Option(min=1, max=16, help="Requests at a time")]
System = Annotated[str, typer.Option(help="What they name as their system")]
Live = Annotated[bool, typer.Option(help="React to it as if it happened here")]
Strict = Annotated[bool, typer.Option(help="Exit code 3 for rejected rows too")]
AsJson = Annotated[bool, typer.Option("--json", help="The report is JSON anyway")]


class _Asked(NamedTuple):
    """What both commands are told."""

    limit: int | None
    concurrency: int
    system: str
    live: bool
    strict: bool
    url: str
    token: str


@commands.command("uci-incidents")
def uci_incidents(
    file: Annotated[Path, typer.Argument(help="The log as CSV, packed by gzip or not")],
    *,
    limit: Limit = None,
    concurrency: Concurrency = 3,
    timezone: Annotated[str, typer.Option(help="The zone its times are read in")] = "UTC",
    system: System = "uci",
    live: Live = False,
    strict: Strict = False,
    url: Url = "",
    token: Token = "",
    as_json: AsJson = True,
) -> None:
    """Import the UCI log of a ServiceNow instance; the report is JSON on standard output.

    Bad rows are told one by one and left out, nothing else is. A second run adds nothing, and one
    after an interruption goes on where it stopped.

    Exit codes: 0 done; 1 not done, with the reason; 3 done, but for incidents whose history was
    imported differently before.
    """
    asked = _Asked(limit, concurrency, system, live, strict, url, token)
    _import_all(UciLog(_readable(file), _zone(timezone)), INCIDENTS, asked)


@commands.command("bpi-problems")
def bpi_problems(
    file: Annotated[Path, typer.Argument(help="The log as XES, packed by gzip or not")],
    *,
    limit: Limit = None,
    concurrency: Concurrency = 3,
    system: System = "bpi2013",
    live: Live = False,
    strict: Strict = False,
    url: Url = "",
    token: Token = "",
    as_json: AsJson = True,
) -> None:
    """Import the BPI Challenge 2013's log of problems; the report is JSON on standard output.

    Bad events are told one by one and left out, nothing else is. A second run adds nothing, and one
    after an interruption goes on where it stopped.

    Exit codes: 0 done; 1 not done, with the reason; 3 done, but for problems whose history was
    imported differently before.
    """
    asked = _Asked(limit, concurrency, system, live, strict, url, token)
    _import_all(BpiLog(_readable(file)), PROBLEMS, asked)


def _import_all(log: Log, kind: Kind, asked: _Asked) -> None:
    client = client_of(asked.url, asked.token)
    target = Target(client, kind, asked.system, asked.live)
    run = Import(log, target, Console(stderr=True, highlight=False))
    started = time.perf_counter()
    asyncio.run(run.all(asked.limit, asked.concurrency))
    report = run.report(time.perf_counter() - started)
    typer.echo(json.dumps(report, indent=1))
    if report["refused"] or (asked.strict and report["rejected"]):
        raise typer.Exit(3)


def _readable(file: Path) -> Path:
    if not file.is_file():
        raise CannotStart(f"{file} is no file")
    return file


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CannotStart(f"{name} is no time zone such as Europe/Madrid") from None
