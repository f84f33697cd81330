"""Where it is measured: one durable PostgreSQL, and each side in a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple, get_args
from urllib.request import urlopen

import asyncpg
import psutil

from services.cli.local import prepare
from shared.auth.roles import Role
from shared.embedded import APP, SUPERUSER, EmbeddedPostgres
from shared.migrate import migrate
from shared.process import free_port
from shared.settings import Service
from tests.support.postgres import ROOT, new_home, remove_home

_BARE = [sys.executable, "-m", "uvicorn", "tests.bench.baseline:app", "--loop=uvloop"]
_TELLER = [sys.executable, "-m", "uvicorn", "tests.bench.teller:app", "--no-access-log"]
_SERVE = [sys.executable, "-m", "services.cli.main", "serve"]


class Side(NamedTuple):
    """A running application and the database behind it."""

    base: str
    database: str
    process: subprocess.Popen[bytes]

    @property
    def megabytes(self) -> float:
        """Its resident memory."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 2**20


class Ground:
    """Makes databases and starts what is compared; `token` is valid for each service."""

    def __init__(self, home: Path, postgres: EmbeddedPostgres, stack: AsyncExitStack) -> None:
        self.home = home
        self.postgres = postgres
        self.token = prepare(home)[Role.ADMIN]
        self._stack = stack

    @property
    def master(self) -> bytes:
        """The services' master key."""
        return (self.home / "master.key").read_bytes()

    async def incident_database(self, name: str) -> str:
        """A migrated database of the incident service; answers its URL."""
        return await self.database("incident", name)

    async def database(self, service: Service, name: str) -> str:
        """A migrated database of a service; answers its URL."""
        migrations = ROOT / "services" / service / "migrations"
        await migrate(migrations, owner=self.postgres.url(name), app=APP)
        return self.postgres.url(name, APP)

    def as_owner(self, database: str) -> str:
        """The URL of this database for the role that owns it."""
        return self.postgres.url(database.rpartition("/")[2])

    async def tidy(self, database: str) -> None:
        """What the server would do by itself a moment later, done before anything is measured."""
        await execute(self.postgres.url(database, SUPERUSER), "vacuum analyze", "checkpoint")

    async def incident_service(self, database: str) -> Side:
        """The service, as `tocsin serve` runs it."""
        return await self.service("incident", database, {})

    async def service(self, name: Service, database: str, more: Mapping[str, str]) -> Side:
        """A service, as `tocsin serve` runs it; it follows those whose ports it is told."""
        port = free_port()
        nobody = {f"TOCSIN_{each.upper()}_PORT": "1" for each in get_args(Service)}
        told = nobody | {
            "TOCSIN_HOME": str(self.home),
            "TOCSIN_LOCAL": "true",
            f"TOCSIN_{name.upper()}_DATABASE_URL": database,
            f"TOCSIN_{name.upper()}_PORT": str(port),
        }
        return await self._started([*_SERVE, name], told | dict(more), port, database)

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start something that ends with the ground."""
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)})
        self._stack.callback(_end, process)
        return process

    async def beside(self, command: list[str], address: str) -> None:
        """Start something that answers there."""
        self.start(command)
        while not await asyncio.to_thread(answers, address):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)

    async def teller(self) -> Side:
        """What only tells of incidents, once it is asked to."""
        port = free_port()
        return await self._started([*_TELLER, f"--port={port}"], {}, port, "")

    def end(self, side: Side) -> None:
        """What is not needed any more takes no time from others."""
        _end(side.process)

    async def bare(self) -> Side:
        """The application without anything of ours."""
        await execute(self.postgres.url("postgres", SUPERUSER), "create database bare")
        return await self.bare_on("bare")

    async def bare_on(self, name: str) -> Side:
        """The same on a database that is there."""
        database = self.postgres.url(name, SUPERUSER)
        port = free_port()
        options = ["--http=httptools", "--no-access-log", f"--port={port}"]
        return await self._started([*_BARE, *options], {"BARE_URL": database}, port, database)

    async def _started(
        self, command: list[str], told: Mapping[str, str], port: int, database: str
    ) -> Side:
        log = self._stack.enter_context((self.home / f"{port}.log").open("wb"))
        environment = {**os.environ, **told, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(  # noqa: ASYNC220
            command, env=environment, stdout=log, stderr=log
        )
        self._stack.callback(_end, process)
        base = f"http://127.0.0.1:{port}"
        while not await asyncio.to_thread(answers, f"{base}/openapi.json"):
            if process.poll() is not None:
                raise RuntimeError((self.home / f"{port}.log").read_text())
            await asyncio.sleep(0.05)
        return Side(base, database, process)


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """A server that forgets nothing it has acknowledged; all of it is gone afterwards."""
    home = new_home()
    postgres = EmbeddedPostgres(home / "cluster")
    postgres.start()
    try:
        async with AsyncExitStack() as stack:
            yield Ground(home, postgres, stack)
    finally:
        postgres.stop()
        remove_home(home)


async def execute(url: str, *statements: str) -> None:
    """Run these, each for itself."""
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def answers(url: str) -> bool:
    """Whether it answers 200."""
    with suppress(OSError), urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)
