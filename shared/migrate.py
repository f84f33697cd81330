"""Brings a database to a chain's newest revision; safe when several processes start at once."""

from pathlib import Path
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from alembic import op
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from shared.process import CannotStart

ONE_AT_A_TIME = 0x746F6373696E  # advisory lock


async def migrate(folder: Path, *, owner: str, app: str) -> None:
    """`owner`: URL of the database, made when missing; `app`: the role that revisions grant to.

    A revision is a module in `folder` whose `upgrade(app: str)` runs in the chain's transaction.
    One call at a time in a process: Alembic's `op`, which revisions use, is global.
    """
    await _create_when_missing(owner)
    guard = await asyncpg.connect(owner)
    try:
        await guard.execute("select pg_advisory_lock($1)", ONE_AT_A_TIME)
        await _upgrade(folder, owner, app)
    finally:
        await guard.close()


def run_sql(path: Path, **names: str) -> None:
    """Inside a revision: run a file of SQL with each `{name}` replaced by the quoted identifier."""
    script = path.read_text()
    for name, identifier in names.items():
        script = script.replace(f"{{{name}}}", quoted(identifier))
    run_script(script)


def run_script(script: str) -> None:
    """Inside a revision: several statements at once, which prepared statements cannot be."""
    connection = op.get_bind()
    connection.exec_driver_sql("select 1")  # makes sure that the transaction has begun
    driver = cast(asyncpg.Connection, connection.connection.driver_connection)
    await_only(driver.execute(script))


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


async def _create_when_missing(owner: str) -> None:
    try:
        await (await asyncpg.connect(owner)).close()
    except asyncpg.InvalidCatalogNameError:
        await _create(owner)


async def _create(owner: str) -> None:
    url = urlsplit(owner)
    name = url.path.removeprefix("/")
    maintenance = await asyncpg.connect(urlunsplit(url._replace(path="/postgres")))
    try:
        await maintenance.execute(f"create database {quoted(name)}")
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return  # another starter was quicker
    except asyncpg.InsufficientPrivilegeError:
        raise CannotStart(
            f"there is no database {name}: create it, owned by {url.username}"
        ) from None
    finally:
        await maintenance.close()


async def _upgrade(folder: Path, owner: str, app: str) -> None:
    engine = _engine(owner)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run_revisions, folder, app)
            await connection.commit()
    finally:
        await engine.dispose()


def _run_revisions(connection: Connection, folder: Path, app: str) -> None:
    scripts = _scripts(folder)

    def pending(current: object, _: MigrationContext) -> object:
        try:
            return scripts._upgrade_revs("head", current)  # type: ignore[arg-type]
        except RevisionError:
            raise CannotStart(
                f"the database is at revision {current}, unknown here: start a newer Tocsin"
            ) from None

    with EnvironmentContext(Config(), scripts, fn=pending) as environment:
        environment.configure(connection=connection)
        with environment.begin_transaction():
            environment.run_migrations(app=app)
            connection.exec_driver_sql(f"grant select on alembic_version to {quoted(app)}")
            database = quoted(connection.exec_driver_sql("select current_database()").scalar_one())
            # The writer makes its row types for its session, where everybody else may not.
            connection.exec_driver_sql(f"grant temporary on database {database} to {quoted(app)}")


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory(str(folder), version_locations=[str(folder)])


def _engine(url: str) -> AsyncEngine:
    """asyncpg reads the URL itself, so every form that PostgreSQL's clients know is understood."""
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url),
        poolclass=NullPool,
    )
