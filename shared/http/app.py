"""The FastAPI application of a service: its routes under the conventions that all of them share."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import Table

from shared.auth.open import StoredTickets, open_authenticator
from shared.auth.tickets import StreamTickets
from shared.docs import add_docs
from shared.http import health, me, problem_pages
from shared.http.body import JsonRoute, LargeJsonRoute
from shared.http.front import Front
from shared.http.openapi import describe
from shared.http.problems import explain_failures
from shared.http.service import Service
from shared.http.watch import Watch
from shared.rebuild import Replayed
from shared.revisions import is_current
from shared.settings import Service as Name
from shared.settings import Settings
from shared.store.store import Store
from shared.telemetry import configure_logs, telemetry
from shared.vault import Vault


@dataclass(frozen=True)
class Definition:
    """What a service brings: its routes, its read models, and what runs beside the routes."""

    name: Name
    description: str
    migrations: Path
    routers: Sequence[APIRouter]
    tables: Sequence[Table]
    running: Callable[[Service], AbstractAsyncContextManager[None]]
    replayed: Replayed


def build(definition: Definition, settings: Settings | None = None) -> FastAPI:
    """The application of this service; it connects when its lifespan begins."""
    settings = settings or Settings()
    registry = CollectorRegistry()
    traced = telemetry()
    app = Front(
        watch=Watch(registry),
        traced=traced["tracing"],
        title=f"Tocsin {definition.name} service",
        description=definition.description,
        version="1",
        lifespan=_lifespan(definition, settings, registry),
        telemetry=traced,
        generate_unique_id_function=lambda route: f"{definition.name}_{route.name}",
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    routers = (*definition.routers, me.router, problem_pages.router, health.router)
    for router in routers:
        app.include_router(router)
    app.know(routers)
    add_docs(app)
    app.state.routers = routers
    explain_failures(app)
    describe(app, routers)
    return app


def routes(tag: str, prefix: str = "", *, large_bodies: bool = False) -> APIRouter:
    """A router whose bodies are read strictly: at most 1 MiB, or 16 MiB where they may be large."""
    kind = LargeJsonRoute if large_bodies else JsonRoute
    return APIRouter(prefix=prefix, tags=[tag], route_class=kind)


def _lifespan(
    definition: Definition, settings: Settings, registry: CollectorRegistry
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings.require_own_secrets()
        configure_logs(definition.name, settings.log_level, as_json=settings.log_json)
        async with _opened(definition, settings, registry) as service:
            app.state.service = service
            async with definition.running(service):
                yield

    return lifespan


@asynccontextmanager
async def _opened(
    definition: Definition, settings: Settings, registry: CollectorRegistry
) -> AsyncIterator[Service]:
    dsn = settings.database_of(definition.name)
    master = settings.master_key_file.read_bytes()
    store = await Store.open(dsn, tables=definition.tables, vault=Vault(master))
    try:
        async with open_authenticator(settings, store) as authenticator:
            yield Service(
                name=definition.name,
                settings=settings,
                store=store,
                authenticator=authenticator,
                tickets=StreamTickets(master, definition.name, StoredTickets(store.pool)),
                cursor_key=hashlib.sha256(b"tocsin list cursor" + master).digest(),
                registry=registry,
                gauges=health.Gauges(registry),
                is_migrated=lambda: is_current(definition.migrations, dsn),
            )
    finally:
        await store.close()
