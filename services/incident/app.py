"""Composition root of the incident service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.incident import lists, routes
from services.incident.incidents import Incidents
from services.incident.tables import TABLES
from shared.auth.open import KNOWN_API_KEYS
from shared.http.app import Definition, build
from shared.http.service import Service
from shared.settings import Settings


@asynccontextmanager
async def _running(service: Service) -> AsyncIterator[None]:
    service.parts["incidents"] = Incidents(service.store)
    yield


DEFINITION = Definition(
    name="incident",
    description="Incidents from the first report to closure, replayed from their events.",
    migrations=Path(__file__).with_name("migrations"),
    routers=(lists.router, routes.router),
    tables=(*TABLES, KNOWN_API_KEYS),
    running=_running,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The incident service as an ASGI application."""
    return build(DEFINITION, settings)
