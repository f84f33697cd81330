"""A service of a few lines, and a supervisor over three of them, for tests of the supervisor."""

import asyncio
import sys

import asyncpg
from fastapi import FastAPI

from services.cli.run import announce, say
from services.cli.supervisor import Supervisor
from shared.docs import add_docs
from shared.process import CannotStart
from shared.server import serve
from shared.settings import SERVICES, Service, Settings

MODULE = "tests.cli.sample"


def create_app(service: Service, settings: Settings) -> FastAPI:
    """Counts visits in a table, so that lost data would show."""
    app = FastAPI(title=service, docs_url=None, redoc_url=None)
    add_docs(app)

    @app.get("/healthz")
    async def healthz() -> str:
        return service

    @app.get("/readyz")
    async def readyz() -> int:
        return await visits()

    @app.get(f"/v1/{service}s")
    async def visits() -> int:
        connection = await asyncpg.connect(settings.database_of(service))
        try:
            found = await connection.fetchval("select count(*) from visits")
            return int(found)
        finally:
            await connection.close()

    @app.post(f"/v1/{service}s")
    async def visit() -> None:
        connection = await asyncpg.connect(settings.database_of(service))
        await connection.execute("insert into visits default values")
        await connection.close()

    return app


async def migrate(settings: Settings) -> None:
    """Three databases with one table each."""
    for service in SERVICES:
        owner = settings.migration_database_of(service)
        await _create_database(owner.replace(f"/tocsin_{service}", "/postgres"), service)
        connection = await asyncpg.connect(owner)
        await connection.execute("create table if not exists visits (at timestamptz default now())")
        await connection.execute(
            f"grant insert, select on visits to {settings.app_role_of(service)}"
        )
        await connection.close()


async def _create_database(url: str, service: Service) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"create database tocsin_{service}")
    except asyncpg.DuplicateDatabaseError:
        return
    finally:
        await connection.close()


def command_of(service: Service) -> list[str]:
    return [sys.executable, "-m", MODULE, service]


def supervise() -> None:
    supervisor = Supervisor(Settings(), say, command_of=command_of, migrate=migrate)
    try:
        asyncio.run(supervisor.run(announce))
    except CannotStart as reason:
        sys.exit(str(reason))
    say("stopped")


def run_service(service: Service) -> None:
    settings = Settings()
    serve(create_app(service, settings), host=settings.host, port=settings.port_of(service))


if __name__ == "__main__":
    asked = sys.argv[1:]
    run_service(next(s for s in SERVICES if s in asked)) if asked else supervise()
