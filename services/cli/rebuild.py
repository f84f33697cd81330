"""`tocsin rebuild`: a service's read models made anew from its log, or compared with it."""

import asyncio
import json
import time
from importlib import import_module
from typing import Annotated

import typer
from asyncpg.exceptions import PostgresError

from services.cli.local import settings_beside_a_run
from shared.http.app import Definition
from shared.process import CannotStart
from shared.rebuild import Rebuild, Rebuilt
from shared.settings import Service, Settings
from shared.vault import Vault


def rebuild(
    service: Service,
    check: Annotated[bool, typer.Option(help="Only tell how they differ from the log")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON")] = False,
) -> None:
    """Replay a service's log into its read models. Whoever uses them waits until this has ended.

    Nobody waits for --check; exit code 2 where it finds a difference.
    """
    definition: Definition = import_module(f"services.{service}.app").DEFINITION
    started = time.perf_counter()
    settings = settings_beside_a_run()
    try:
        rebuilt = asyncio.run(rebuilt_models(definition, settings, keep=not check))
    except (OSError, PostgresError) as failure:
        raise CannotStart(f"the {service} service's log cannot be read: {failure}") from None
    seconds = time.perf_counter() - started
    report = {**rebuilt._asdict(), "seconds": round(seconds, 3)}
    differences = sum(rebuilt.differences.values())
    typer.echo(json.dumps(report) if as_json else _sentence(rebuilt, seconds, differences))
    if check and differences:
        raise typer.Exit(2)


async def rebuilt_models(definition: Definition, settings: Settings, *, keep: bool) -> Rebuilt:
    """Replay this service's log."""
    vault = Vault.from_file(settings.master_key_file)
    work = Rebuild(definition.replayed, vault)
    return await work.run(settings.database_of(definition.name), keep=keep)


def _sentence(rebuilt: Rebuilt, seconds: float, differences: int) -> str:
    speed = rebuilt.events / seconds if seconds else 0
    return (
        f"{rebuilt.events} events replayed into {rebuilt.rows} rows in {seconds:.1f} s "
        f"({speed:.0f} events/s); {differences} rows differed"
    )
