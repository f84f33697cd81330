"""`tocsin run`: everything on this machine, in the foreground."""

import asyncio

import typer

from services.cli.supervisor import Supervisor
from shared.settings import SERVICES, Settings


def run() -> None:
    """Start the database, the three services and their one address; Ctrl-C stops all of it."""
    asyncio.run(Supervisor(Settings(), say).run(announce))
    say("stopped")


def say(line: str) -> None:
    typer.echo(f"tocsin: {line}")


def announce(running: Supervisor) -> None:
    """Where everything is, and what to call it with."""
    settings = running.settings
    typer.echo(f"\nTocsin is running at {running.origin}\n")
    _row("documentation", f"{running.origin}/docs")
    for service in SERVICES:
        _row(f"{service} service", f"{settings.url_of(service)}/docs")
    _row("data, logs", str(settings.home))
    typer.echo(f"\nDemo tokens, valid for 30 days, also in {settings.home / 'tokens.json'}\n")
    for role, token in running.tokens.items():
        _row(role, token)
    typer.echo("\nCtrl-C stops everything; the data stays.")


def _row(name: str, value: str) -> None:
    typer.echo(f"  {name:22} {value}")
