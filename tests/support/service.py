"""One service as its callers meet it: its application on a real database, a token for each role."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.client import ASGITransport, AsyncClient, new_client
from shared.http.service import Service
from shared.settings import Settings
from tests.support.postgres import Database

CreateApp = Callable[[Settings | None], FastAPI]


@dataclass
class RunningService:
    """An application whose lifespan has begun."""

    app: FastAPI
    issuer: EmbeddedIssuer
    database: Database
    settings: Settings

    @property
    def service(self) -> Service:
        """What the running application is made of."""
        found: Service = self.app.state.service
        return found

    def token(self, role: Role | str, *, subject: str = "") -> str:
        """A token of this role; its subject is `demo-<role>` unless another is named."""
        return self.issuer.token(subject or f"demo-{role}", [Role(role)])

    def client(self, role: Role | str | None = Role.ADMIN, *, subject: str = "") -> AsyncClient:
        """A client that calls the application in this process, as this role or as nobody."""
        client = new_client(base_url="http://service", transport=ASGITransport(self.app))
        if role is not None:
            client.headers["authorization"] = f"Bearer {self.token(role, subject=subject)}"
        return client


def prepare_home(home: Path) -> EmbeddedIssuer:
    """The keys an installation of `tocsin run` would have."""
    issuer = EmbeddedIssuer(home)
    issuer.ensure()
    if not (home / "master.key").exists():
        (home / "master.key").write_bytes(secrets.token_bytes(32))
    return issuer


@asynccontextmanager
async def running_service(
    create_app: CreateApp, database: Database, home: Path, **settings: Any
) -> AsyncIterator[RunningService]:
    """Begin an application's lifespan on this database; several may share a home and a database."""
    issuer = prepare_home(home)
    name = create_app.__module__.split(".")[1]
    told = {f"{name}_database_url": database.app} | settings
    chosen = Settings(home=home, local=True, log_level="error", **told)
    app = create_app(chosen)
    async with app.router.lifespan_context(app):
        yield RunningService(app, issuer, database, chosen)
