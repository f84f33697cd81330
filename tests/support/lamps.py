"""The smallest service there is, for tests of the kernel: lamps that are lit in a colour."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from fastapi import FastAPI
from pydantic import SecretStr

from shared.aggregate import Aggregate, Alarm
from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.client import ASGITransport, AsyncClient, new_client
from shared.clock import new_id
from shared.domain import Event, State, event
from shared.http.app import Definition, build
from shared.http.feed import feed_routes
from shared.http.operations import operation_routes
from shared.http.service import Service
from shared.ledger import Ledger
from shared.rebuild import Replayed
from shared.restrictions import FOLLOWS
from shared.settings import Settings
from shared.store.store import Store
from shared.vault import Vault
from shared.work import Work
from tests.support.postgres import Database, Databases, new_home, remove_home
from tests.support.server import running
from tests.support.service import prepare_home
from tests.support.started import rows


@event("lamp.lit")
class Lit(Event, frozen=True):
    colour: str


@event("lamp.dimmed")
class Dimmed(Event, frozen=True):
    """Of no interest to others."""


class Lamp(State, frozen=True):
    colour: str | None = None
    lit: int = 0


def light(lamp: Lamp, *, colour: str) -> Sequence[Lit]:
    return [Lit(colour=colour)]


def dim(lamp: Lamp) -> Sequence[Dimmed]:
    return [Dimmed()]


def evolve(lamp: Lamp, event: Lit | Dimmed) -> Lamp:
    if isinstance(event, Lit):
        return Lamp(colour=event.colour, lit=lamp.lit + 1)
    return Lamp(lit=lamp.lit)


def _alarms(before: Lamp, event: Lit | Dimmed, after: Lamp) -> list[Alarm]:
    return [Alarm("burn-out", timedelta(hours=1) if isinstance(event, Lit) else None)]


LAMP: Aggregate[Lamp, Lit | Dimmed] = Aggregate("lamp", Lamp(), evolve, alarms=_alarms)


class Told(msgspec.Struct, frozen=True):
    """What others learn of a lamp."""

    colour: str


PUBLISHED: Mapping[type[Event], Callable[[Any], msgspec.Struct]] = {Lit: lambda h: Told(h.colour)}


@asynccontextmanager
async def lamp_store(database: Database, **more: Any) -> AsyncIterator[Store]:
    """A store of the kernel's tables alone."""
    store = await Store.open(database.app, tables=(), vault=Vault(b"k" * 32), **more)
    try:
        yield store
    finally:
        await store.close()


@dataclass
class Lamps:
    """A running service of lamps."""

    app: FastAPI
    base: str  # of the server; empty in process
    issuer: EmbeddedIssuer
    database: Database

    @property
    def service(self) -> Service:
        found: Service = self.app.state.service
        return found

    def client(self, role: Role = Role.SERVICE) -> AsyncClient:
        transport = None if self.base else ASGITransport(self.app)
        address = self.base or "http://lamps.test"
        client = new_client(base_url=f"{address}/v1/incident", transport=transport, timeout=30)
        client.headers["authorization"] = (
            f"Bearer {self.issuer.token('tester', [role], scope=FOLLOWS)}"
        )
        return client

    async def light(self, *colours: str, lamp: UUID | None = None) -> UUID:
        """Light a lamp, a new one unless it is named, in these colours one after the other."""
        lamp = lamp or new_id()
        for colour in colours:
            await give(self.service.store, lamp, light, colour=colour)
        return lamp

    async def dim(self, lamp: UUID) -> None:
        """What others never hear of."""
        await give(self.service.store, lamp, dim)


async def give(store: Store, lamp: UUID, command: Any, **arguments: Any) -> None:
    """A command to a lamp, which need not have been there before."""
    work = Work(store, actor="tester")
    await work.execute(Ledger(store, LAMP), lamp, command, **arguments)
    answer = await work.append()
    assert answer.outcome == "appended"


@asynccontextmanager
async def lamps(
    databases: Databases, *, listening: bool = False, log: UUID | None = None
) -> AsyncIterator[Lamps]:
    """A service of lamps on a clean database; `log` makes it claim to be that log."""
    home, database = new_home(), await databases.create("kernel")
    issuer = prepare_home(home)
    url = SecretStr(database.app)
    settings = Settings(home=home, local=True, log_level="error", incident_database_url=url)
    app = build(_definition(), settings)
    if log is not None:
        await rows(database, "update log set id = $1", log)
    if listening:
        async with running(app) as base:
            yield Lamps(app, base, issuer, database)
    else:
        async with app.router.lifespan_context(app):
            yield Lamps(app, "", issuer, database)
    await databases.drop(database)
    remove_home(home)


def _definition() -> Definition:
    @asynccontextmanager
    async def nothing_beside(service: Service) -> AsyncIterator[None]:
        yield

    return Definition(
        name="incident",
        description="Lamps",
        migrations=Path(__file__).parents[2] / "services" / "incident" / "migrations",
        routers=(feed_routes("incident", PUBLISHED), operation_routes("incident")),
        tables=(),
        running=nothing_beside,
        replayed=Replayed({Lit.topic: LAMP, Dimmed.topic: LAMP}, ()),
    )
