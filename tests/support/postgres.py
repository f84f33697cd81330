"""Clean databases for tests: one throw-away server a test process, one template a service."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg

from shared.embedded import APP, OWNER, SUPERUSER, EmbeddedPostgres
from shared.migrate import migrate, quoted
from shared.store import RESTRICTED_SCHEMA, SCHEMA

ROOT = Path(__file__).parents[2]
KERNEL_SCHEMAS = (SCHEMA, RESTRICTED_SCHEMA)


@dataclass(frozen=True)
class Database:
    """Plain `postgresql://` URLs of one database, for the application's role and its owner's."""

    name: str
    app: str
    owner: str


@dataclass
class Databases:
    """Hands out databases; each is a copy of its service's migrated template."""

    server: EmbeddedPostgres
    templates: dict[str, asyncio.Task[str]] = field(default_factory=dict)
    one_migration: asyncio.Lock = field(default_factory=asyncio.Lock)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def create(self, kind: str = "kernel") -> Database:
        """`kind`: a service, "kernel" for the kernel's tables alone, or "empty"."""
        template = await self._template(kind)
        name = f"{kind}_{next(self.numbers)}"
        await self._administer(
            f"create database {name} owner {OWNER} template {template} strategy wal_log"
        )
        return self._named(name)

    async def drop(self, database: Database) -> None:
        await self._administer(f"drop database if exists {quoted(database.name)} with (force)")

    def superuser(self, database: Database) -> str:
        return self.server.url(database.name, SUPERUSER)

    async def _template(self, kind: str) -> str:
        """Made by whoever asks first; the others wait for it."""
        if kind == "empty":
            return "template0"
        if kind not in self.templates:
            self.templates[kind] = asyncio.ensure_future(self._make_template(kind))
        return await self.templates[kind]

    async def _make_template(self, kind: str) -> str:
        template = self._named(f"template_{kind}")
        folder = ROOT / "services" / kind / "migrations"
        if kind == "kernel":
            await self._administer(f"create database {template.name} owner {OWNER}")
            await self._load_kernel(template.owner)
        else:
            async with self.one_migration:
                await migrate(folder, owner=template.owner, app=APP)
        return template.name

    async def _load_kernel(self, owner: str) -> None:
        connection = await asyncpg.connect(owner)
        for schema in KERNEL_SCHEMAS:
            await connection.execute(schema.read_text().replace("{app}", quoted(APP)))
        await connection.close()

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server.url("postgres", SUPERUSER))
        await connection.execute(statement)
        await connection.close()

    def _named(self, name: str) -> Database:
        return Database(name, app=self.server.url(name, APP), owner=self.server.url(name, OWNER))


def new_home() -> Path:
    """A folder that PostgreSQL's account may enter, which pytest's own temporary ones aren't."""
    home = Path(tempfile.mkdtemp(prefix="tocsin-test-"))
    home.chmod(0o711)
    return home


def remove_home(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
