"""A service as its clients meet it: on a clean database, with a token for every role."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI
from pydantic import SecretStr

from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.client import ASGITransport, AsyncClient, new_client
from shared.http.service import Service
from shared.settings import SERVICES, Settings
from shared.settings import Service as Name
from tests.support.postgres import Database, Databases, new_home, remove_home
from tests.support.server import running

NOBODY = "http://127.0.0.1:9"  # where the other services would be


def built() -> list[Name]:
    """The services that can be started."""
    return [name for name in SERVICES if find_spec(f"services.{name}.app")]


def create(name: Name, settings: Settings) -> FastAPI:
    """The service's application."""
    app: FastAPI = import_module(f"services.{name}.app").create_app(settings)
    return app


@dataclass(frozen=True)
class Installed:
    """An application, the database it stands on, and the issuer it trusts."""

    name: Name
    app: FastAPI
    database: Database
    settings: Settings

    @property
    def service(self) -> Service:
        """What it is made of; once its lifespan has begun."""
        found: Service = self.app.state.service
        return found

    def token(self, *roles: Role, subject: str | None = None) -> str:
        subject = subject or f"demo-{roles[0] if roles else 'nobody'}"
        return EmbeddedIssuer(self.settings.home).token(subject, roles)

    def client(self, *roles: Role, subject: str | None = None, base: str = "") -> AsyncClient:
        """In-process, or at this address; without a role, without a token."""
        transport = None if base else ASGITransport(self.app)
        client = new_client(base_url=base or "http://tocsin.test", transport=transport, timeout=60)
        if roles:
            client.headers["authorization"] = f"Bearer {self.token(*roles, subject=subject)}"
        return client

    async def rows(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Straight from its database, past all of our code."""
        connection = await asyncpg.connect(self.database.owner)
        try:
            found: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
            return found
        finally:
            await connection.close()


@asynccontextmanager
async def installed(
    name: Name, databases: Databases, *, on: Installed | None = None, **told: Any
) -> AsyncIterator[Installed]:
    """Not started yet; `on`: a second worker on another one's database."""
    home = on.settings.home if on else _new_home()
    database = on.database if on else await databases.create(name)
    settings = settings_of(name, database, home, **told)
    yield Installed(name, create(name, settings), database, settings)
    if on is None:
        await databases.drop(database)
        remove_home(home)


@asynccontextmanager
async def started(
    name: Name, databases: Databases, *, on: Installed | None = None, **told: Any
) -> AsyncIterator[Installed]:
    """Running in this process."""
    async with (
        installed(name, databases, on=on, **told) as made,
        made.app.router.lifespan_context(made.app),
    ):
        yield made


@asynccontextmanager
async def listening(
    name: Name, databases: Databases, *, on: Installed | None = None, **told: Any
) -> AsyncIterator[tuple[Installed, str]]:
    """Behind the real server on loopback, with its address."""
    async with installed(name, databases, on=on, **told) as made, running(made.app) as base:
        yield made, base


def settings_of(name: Name, database: Database, home: Path, **told: Any) -> Settings:
    """Settings of an installation that finds none of the other services."""
    others = {f"{other}_url": NOBODY for other in SERVICES}
    address = {f"{name}_database_url": SecretStr(database.app)}
    return Settings(**{"home": home, "local": True, **others, **address, **told})


def _new_home() -> Path:
    home = new_home()
    EmbeddedIssuer(home).ensure()
    (home / "master.key").write_bytes(os.urandom(32))
    return home
