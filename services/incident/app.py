"""Composition root of the incident service."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

from fastapi import FastAPI

from services.incident import history, lists, routes
from services.incident.events import IncidentEvent
from services.incident.incidents import INCIDENT, Incidents
from services.incident.policies import from_notifications, from_problems, timers
from services.incident.published import PUBLISHED
from services.incident.tables import INCIDENT_TEXTS, INCIDENTS, TABLES
from shared.auth.open import KNOWN_API_KEYS
from shared.background import running
from shared.follower import Reaction
from shared.http.app import Definition, build
from shared.http.feed import feed_routes
from shared.http.parked import parked_routes
from shared.http.service import Service
from shared.rebuild import Replayed
from shared.settings import Service as Name
from shared.settings import Settings


@asynccontextmanager
async def _running(service: Service) -> AsyncIterator[None]:
    incidents = Incidents(service.store)
    service.parts["incidents"] = incidents
    follows: dict[Name, Mapping[str, Reaction]] = {
        "problem": from_problems(service.store),
        "notification": from_notifications(service.store),
    }
    async with running(service, follows=follows, timers=timers(incidents)):
        yield


DEFINITION = Definition(
    name="incident",
    description="Incidents from the first report to closure, replayed from their events.",
    migrations=Path(__file__).with_name("migrations"),
    routers=(
        lists.router,
        routes.router,
        history.router,
        feed_routes("incident", PUBLISHED),
        parked_routes("incident"),
    ),
    tables=(*TABLES, KNOWN_API_KEYS),
    running=_running,
    replayed=Replayed(
        {kind.topic: INCIDENT for kind in get_args(IncidentEvent)}, (INCIDENTS, INCIDENT_TEXTS)
    ),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The incident service as an ASGI application."""
    return build(DEFINITION, settings)
