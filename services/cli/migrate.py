"""`tocsin migrate`: every service's database to its newest revision."""

import asyncio
from pathlib import Path

import typer

from shared.migrate import migrate as bring_up_to_date
from shared.settings import SERVICES, Service, Settings

SERVICES_FOLDER = Path(__file__).parents[1]


def migrate() -> None:
    """Create the databases where they are missing and bring them to the newest revision."""
    asyncio.run(migrate_all(Settings()))
    typer.echo("the databases of all services are up to date")


async def migrate_all(settings: Settings) -> None:
    """One after the other; several processes may do this at once."""
    for service in SERVICES:
        await bring_up_to_date(
            chain_of(service),
            owner=settings.migration_database_of(service),
            app=settings.app_role_of(service),
        )


def chain_of(service: Service) -> Path:
    """The folder of a service's revisions."""
    return SERVICES_FOLDER / service / "migrations"
