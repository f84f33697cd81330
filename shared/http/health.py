"""Whether a service lives, is ready, and how it fares: /healthz, /readyz, /metrics."""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from shared.http.openapi import answers
from shared.http.service import Keeping, Service, service_of
from shared.store.database import CONNECTION_LOST
from shared.store.store import Store

_PARKED = "select follower, count(*) as parked from parked group by follower"
_CURSORS = "select name, position from cursors"
_BEHIND = """select k.name, l.position - coalesce(c.position, 0) as behind
    from unnest($1::text[]) as k (name) cross join log l left join cursors c on c.name = k.name"""
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
    """Whether it can work: 503 names the part of database and migrations that is not as it should
    be. Beside them it tells how far followers and keepers are, and what troubles them."""
    service = service_of(request)
    parts = await _parts(service)
    ready = parts["database"] == "reachable" and parts.get("migrations") == "current"
    return _answer(Health("ready" if ready else "not ready", parts), 200 if ready else 503)


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus text format."""
    service = service_of(request)
    try:
        await service.gauges.read(service.store, service.keepers)
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
        self._behind = Gauge(
            "tocsin_keeper_behind",
            "Events of the service's own log that are not taken in yet",
            ["keeper"],
            registry=registry,
        )
        self._parked = Gauge(
            "tocsin_facts_parked", "Facts set aside", ["follower"], registry=registry
        )

    async def read(self, store: Store, keepers: Sequence[Keeping] = ()) -> None:
        """Bring them up to date. Raises what the database driver raises."""
        row = await store.pool.fetchrow(_KERNEL)
        self.database.set(1)
        self._position.set(row["position"])
        self._overdue.set(row["overdue"])
        for follower, position in await store.pool.fetch(_CURSORS):
            self._followed.labels(follower).set(position)
        for keeper, behind in (await _behind(store, keepers)).items():
            self._behind.labels(keeper).set(behind)
        self._parked.clear()
        for parked in await store.pool.fetch(_PARKED):
            self._parked.labels(parked["follower"]).set(parked["parked"])


async def _parts(service: Service) -> dict[str, Any]:
    try:
        current = await service.is_migrated()
        parked = await service.store.pool.fetch(_PARKED)
        behind = await _behind(service.store, service.keepers)
    except CONNECTION_LOST:
        return {"database": "cannot be reached"}
    return {
        "database": "reachable",
        "migrations": "current" if current else "missing: run `tocsin migrate`",
        "followers": {f.name: f.lag() for f in service.followers},
        "keepers": {
            k.name: {"behind": behind[k.name], "trouble": k.trouble} for k in service.keepers
        },
        "parked": {row["follower"]: row["parked"] for row in parked},
    }


async def _behind(store: Store, keepers: Sequence[Keeping]) -> dict[str, int]:
    """How many events of the log each has yet to take in."""
    if not keepers:
        return {}
    return dict(await store.pool.fetch(_BEHIND, [keeper.name for keeper in keepers]))


def _answer(health: Health, status: int) -> Response:
    return Response(msgspec.json.encode(health), status, media_type="application/json")
