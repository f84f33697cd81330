"""Migrations: from nothing to the newest revision, once, whoever starts first."""

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from services.cli.migrate import chain_of
from shared.embedded import APP
from shared.migrate import migrate
from shared.revisions import is_current, newest
from shared.settings import SERVICES, Service
from tests.conftest import NewDatabase
from tests.support.postgres import Databases

FIRST = """
from pathlib import Path
from shared.migrate import run_sql
revision = "first"
down_revision = None
def upgrade(app: str) -> None:
    run_sql(Path(__file__).with_name("first.sql"), app=app)
"""
SECOND = """
from alembic import op
revision = "second"
down_revision = "first"
def upgrade(app: str) -> None:
    op.execute("alter table things add column size int")
"""
BROKEN = """
from shared.migrate import run_script
revision = "broken"
down_revision = "first"
def upgrade(app: str) -> None:
    run_script("create table half (id int); select 1/0")
"""


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    (tmp_path / "v1.py").write_text(FIRST)
    (tmp_path / "first.sql").write_text(
        "create table things (id int); grant select on things to {app};"
    )
    return tmp_path


async def start_process(chain: Path, owner: str) -> asyncio.subprocess.Process:
    script = f"""
import asyncio, pathlib, shared.migrate
asyncio.run(shared.migrate.migrate(pathlib.Path({str(chain)!r}), owner={owner!r}, app={APP!r}))
"""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", script)


async def columns(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        "select table_name || '.' || column_name as name from information_schema.columns"
        " where table_schema = 'public'"
    )
    await connection.close()
    return {row["name"] for row in found}


async def test_a_database_follows_its_chain(database: NewDatabase, chain: Path) -> None:
    empty = await database("empty")
    assert not await is_current(chain, empty.app)
    await migrate(chain, owner=empty.owner, app=APP)
    assert await is_current(chain, empty.app)
    assert "things.id" in await columns(empty.app)

    (chain / "v2.py").write_text(SECOND)
    assert not await is_current(chain, empty.app)
    await migrate(chain, owner=empty.owner, app=APP)
    assert await is_current(chain, empty.app)
    assert "things.size" in await columns(empty.app)


@pytest.mark.parametrize("service", SERVICES)
def test_the_last_file_by_name_is_the_newest_revision(service: Service) -> None:
    folder = chain_of(service)
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
    assert newest(folder) == scripts.get_current_head()


def test_a_chain_without_revisions_has_no_newest(tmp_path: Path) -> None:
    assert newest(tmp_path) is None


async def test_many_starters_at_once_make_and_migrate_one_missing_database(
    databases: Databases, chain: Path
) -> None:
    owner = databases.server.url("made_by_many")
    starters = [await start_process(chain, owner) for _ in range(4)]
    assert [await starter.wait() for starter in starters] == [0] * 4
    assert await is_current(chain, owner)


async def test_a_failing_revision_leaves_nothing_behind(database: NewDatabase, chain: Path) -> None:
    empty = await database("empty")
    await migrate(chain, owner=empty.owner, app=APP)
    (chain / "v2.py").write_text(BROKEN)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(chain, owner=empty.owner, app=APP)
    assert "half.id" not in await columns(empty.owner)


async def test_the_kernel_lets_the_application_add_events_and_nothing_else(
    database: NewDatabase,
) -> None:
    kernel = await database("kernel")
    connection = await asyncpg.connect(kernel.app)
    for forbidden in ("delete from events", "truncate events", "update events set actor = 'x'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(forbidden)
    await connection.close()


async def test_the_application_may_make_types_for_its_session_where_nobody_else_may(
    database: NewDatabase, chain: Path
) -> None:
    empty = await database("empty")
    owner = await asyncpg.connect(empty.owner)
    name = await owner.fetchval("select current_database()")
    await owner.execute(f'revoke temporary on database "{name}" from public')
    await owner.close()
    await migrate(chain, owner=empty.owner, app=APP)
    connection = await asyncpg.connect(empty.app)
    await connection.execute("create type pg_temp.pair as (a int, b text)")
    pairs = [(1, "x"), (2, "y")]
    assert await connection.fetchval("select ($1::pg_temp.pair[])[2].b", pairs) == "y"
    await connection.close()
