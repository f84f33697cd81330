"""Whether a database is at the newest revision of its chain.

Each process asks this while it serves, and nothing else of migrations: without Alembic it starts
sooner and is smaller.
"""

import re
from pathlib import Path

import asyncpg

_REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)


async def is_current(folder: Path, url: str) -> bool:
    """Is the database at the chain's newest revision? The application's role may ask."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetchval("select version_num from alembic_version")
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()
    return bool(found == newest(folder))


def newest(folder: Path) -> str | None:
    """The revision of the last file by name; None where there is none."""
    files = sorted(folder.glob("v*.py"))
    told = _REVISION.search(files[-1].read_text()) if files else None
    return told[1] if told else None
