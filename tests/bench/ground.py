"""Where it is measured: one durable PostgreSQL, and each side in a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import asyncpg
import psutil

from services.cli.local import prepare
from shared.auth.roles import Role
from shared.embedded import APP, SUPERUSER, EmbeddedPostgres
from shared.migrate import migrate
from shared.process import free_port
from tests.support.postgres import ROOT, new_home, remove_home

_MIGRATIONS = ROOT / "services" / "incident" / "migrations"
_BARE = [sys.executable, "-m", "uvicorn", "tests.bench.baseline:app", "--loop=uvloop"]
_SERVE = [sys.executable, "-m", "services.cli.main", "serve", "incident"]


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
        await migrate(_MIGRATIONS, owner=self.postgres.url(name), app=APP)
        return self.postgres.url(name, APP)

    def as_owner(self, database: str) -> str:
        """The URL of this database for the role that owns it."""
        return self.postgres.url(database.rpartition("/")[2])

    async def tidy(self, database: str) -> None:
        """What the server would do by itself a moment later, done before anything is measured."""
        await execute(self.postgres.url(database, SUPERUSER), "vacuum analyze", "checkpoint")

    async def incident_service(self, database: str) -> Side:
        """The service, as `tocsin serve` runs it."""
        port = free_port()
        told = {
            "TOCSIN_HOME": str(self.home),
            "TOCSIN_LOCAL": "true",
            "TOCSIN_INCIDENT_DATABASE_URL": database,
            "TOCSIN_INCIDENT_PORT": str(port),
            "TOCSIN_PROBLEM_PORT": "1",  # nobody: there is nothing to follow
            "TOCSIN_NOTIFICATION_PORT": "1",
        }
        return await self._started(_SERVE, told, port, database)

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
