"""Services started on clean databases of their own: in this process, or behind a real server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import asyncpg
from fastapi import FastAPI

from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from shared.settings import SERVICES, Settings
from shared.settings import Service as Name
from tests.support.postgres import Database, Databases, new_home, remove_home
from tests.support.server import running
from tests.support.service import CreateApp, RunningService, prepare_home, running_service

NOBODY = "http://127.0.0.1:9"  # where the other services would be

BUILT: list[Name] = [name for name in SERVICES if find_spec(f"services.{name}.app")]
"""The services that can be started."""


def create_app_of(name: Name) -> CreateApp:
    """A service's composition root."""
    found: CreateApp = import_module(f"services.{name}.app").create_app
    return found


def document_of(name: Name) -> dict[str, Any]:
    """A service's OpenAPI document; its application need not run for that."""
    app: FastAPI = create_app_of(name)(Settings())
    return app.openapi()


@asynccontextmanager
async def started(
    name: Name, databases: Databases, *, beside: RunningService | None = None, **settings: Any
) -> AsyncIterator[RunningService]:
    """Running in this process; `beside`: a second worker on another one's database."""
    async with _place(name, databases, beside) as (database, home):
        told = _others() | settings
        async with running_service(create_app_of(name), database, home, **told) as service:
            yield service


@asynccontextmanager
async def listening(
    name: Name, databases: Databases, **settings: Any
) -> AsyncIterator[tuple[RunningService, str]]:
    """Behind the real server on loopback, with its address."""
    async with _place(name, databases, None) as (database, home):
        issuer = prepare_home(home)
        told = {f"{name}_database_url": database.app} | _others() | settings
        chosen = Settings(home=home, local=True, log_level="error", **told)
        app = create_app_of(name)(chosen)
        async with running(app) as base:
            yield RunningService(app, issuer, database, chosen), base


def client_at(base: str, service: RunningService, role: Role) -> AsyncClient:
    """A client of a listening service."""
    client = new_client(base_url=base, timeout=60)
    client.headers["authorization"] = f"Bearer {service.token(role)}"
    return client


async def rows(database: Database, sql: str, *arguments: Any) -> list[asyncpg.Record]:
    """Straight from a database, past all of our code."""
    connection = await asyncpg.connect(database.owner)
    try:
        found: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
        return found
    finally:
        await connection.close()


@asynccontextmanager
async def _place(
    name: Name, databases: Databases, beside: RunningService | None
) -> AsyncIterator[tuple[Database, Any]]:
    if beside is not None:
        yield beside.database, beside.settings.home
        return
    home, database = new_home(), await databases.create(name)
    yield database, home
    await databases.drop(database)
    remove_home(home)


def _others() -> dict[str, str]:
    return {f"{name}_url": NOBODY for name in SERVICES}
