"""Whether a service lives, is ready, and how it fares: /healthz, /readyz, /metrics."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from shared.http.openapi import answers
from shared.http.service import Service, service_of
from shared.store.database import CONNECTION_LOST
from shared.store.store import Store

_PARKED = "select follower, count(*) as parked from parked group by follower"
_CURSORS = "select name, position from cursors"
_KERNEL = """select (select position from log) as position,
    (select count(*) from timers where due_at < now() - interval '1 minute') as overdue"""

router = APIRouter(tags=["health"])


class Health(msgspec.Struct):
    """Alive, or ready with the state of every part."""

    status: str
    parts: dict[str, Any] = {}


@router.get("/healthz", **answers(Health))
async def healthz() -> Response:
    """The process is alive. Needs no token."""
    return _answer(Health("alive"), 200)


@router.get("/readyz", **answers(Health))
async def readyz(request: Request) -> Response:
    """Database, migrations and followers are as they should be; 503 names what is not."""
    service = service_of(request)
    parts = await _parts(service)
    ready = parts["database"] == "reachable" and parts.get("migrations") == "current"
    return _answer(Health("ready" if ready else "not ready", parts), 200 if ready else 503)


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus text format."""
    service = service_of(request)
    try:
        await service.gauges.read(service.store)
    except CONNECTION_LOST:
        service.gauges.database.set(0)
    return Response(generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)


class Gauges:
    """What is read from the database when somebody asks for the metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.database = Gauge("tocsin_database_up", "1 when it answers", registry=registry)
        self._position = Gauge("tocsin_log_position", "Newest position", registry=registry)
        self._overdue = Gauge(
            "tocsin_timers_overdue", "Timers due for over a minute", registry=registry
        )
        self._followed = Gauge(
            "tocsin_follower_position",
            "How far a feed was followed",
            ["follower"],
            registry=registry,
        )
        self._parked = Gauge(
            "tocsin_facts_parked", "Facts set aside", ["follower"], registry=registry
        )

    async def read(self, store: Store) -> None:
        """Bring them up to date. Raises what the database driver raises."""
        row = await store.pool.fetchrow(_KERNEL)
        self.database.set(1)
        self._position.set(row["position"])
        self._overdue.set(row["overdue"])
        for follower, position in await store.pool.fetch(_CURSORS):
            self._followed.labels(follower).set(position)
        self._parked.clear()
        for parked in await store.pool.fetch(_PARKED):
            self._parked.labels(parked["follower"]).set(parked["parked"])


async def _parts(service: Service) -> dict[str, Any]:
    try:
        current = await service.is_migrated()
        parked = await service.store.pool.fetch(_PARKED)
    except CONNECTION_LOST:
        return {"database": "cannot be reached"}
    return {
        "database": "reachable",
        "migrations": "current" if current else "missing: run `tocsin migrate`",
        "followers": {f.name: f.lag() for f in service.followers},
        "parked": {row["follower"]: row["parked"] for row in parked},
    }


def _answer(health: Health, status: int) -> Response:
    return Response(msgspec.json.encode(health), status, media_type="application/json")
