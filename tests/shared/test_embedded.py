"""The embedded PostgreSQL: made once, found again, never left behind, clear when it can't start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from shared.embedded import APP, OWNER, EmbeddedPostgres
from shared.postgres_binaries import reachable_by_anyone
from shared.process import CannotStart, command_line, free_port
from tests.support.postgres import ROOT, new_home, remove_home

ABANDONED = """
import pathlib, sys, time
from shared.embedded import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]), durable=False)
server.start()
print(server.process.pid, flush=True)
time.sleep(600)
"""
USED_AND_STOPPED = ABANDONED.replace("time.sleep(600)", "server.stop()")


@pytest.fixture
def home() -> Iterator[Path]:
    folder = new_home()
    yield folder
    remove_home(folder)


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    yield server
    server.stop()


def wait_until_gone(pid: int) -> None:
    while command_line(pid):
        time.sleep(0.01)


async def execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_data_is_kept_over_a_restart(server: EmbeddedPostgres, home: Path) -> None:
    await execute(server.url(), "create database kept")
    server.stop()
    again = EmbeddedPostgres(home, durable=False)
    again.start()
    assert await execute(again.url("kept"), "select 1") == 1
    again.stop()


async def test_roles_have_passwords_of_their_own_and_few_rights(server: EmbeddedPostgres) -> None:
    assert await execute(server.url(role=OWNER), "select current_user") == OWNER
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(server.url(role=APP), "create database mine")
    stolen = server.url(role=APP).replace(APP, "postgres")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await execute(stolen, "select 1")


async def test_the_extensions_that_search_needs_are_there(server: EmbeddedPostgres) -> None:
    await execute(server.url(), "create database searched")
    for extension in ("pg_trgm", "unaccent"):
        await execute(server.url("searched"), f"create extension {extension}")


async def test_it_comes_back_on_the_same_port_after_a_kill(server: EmbeddedPostgres) -> None:
    assert server.process
    server.process.kill()
    server.process.wait()
    server.start()
    assert await execute(server.url(), "select 1") == 1


def test_it_does_not_outlive_whoever_started_it(home: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ABANDONED, home], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert str(home) in command_line(pid)
        parent.kill()
    wait_until_gone(pid)


async def test_a_leftover_is_ended_before_a_new_start(server: EmbeddedPostgres, home: Path) -> None:
    assert server.process
    server._release()  # as if its starter had gone where nothing tells the child
    again = EmbeddedPostgres(home, durable=False)
    again.start()
    assert server.process.wait() is not None
    assert await execute(again.url(), "select 1") == 1
    again.stop()


def test_a_pid_file_that_names_a_stranger_ends_nobody(server: EmbeddedPostgres, home: Path) -> None:
    server.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n0\n0\n\n\n\n")
    again = EmbeddedPostgres(home, durable=False)
    again._claim()
    again._end_leftover()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    again.stop()


def test_a_second_start_on_the_same_home_is_refused(server: EmbeddedPostgres, home: Path) -> None:
    with pytest.raises(CannotStart, match=r"already running on .*TOCSIN_HOME"):
        EmbeddedPostgres(home, durable=False).start()


def test_data_of_another_version_is_refused_with_the_cure(
    server: EmbeddedPostgres, home: Path
) -> None:
    server.stop()
    (server.data / "PG_VERSION").write_text("15\n")
    again = EmbeddedPostgres(home, durable=False)
    with pytest.raises(CannotStart, match=r"made by PostgreSQL 15.*TOCSIN_PG_BINDIR") as refusal:
        again.start()
    assert "\n" not in str(refusal.value)
    again.stop()


def test_a_busy_port_is_named(home: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        server = EmbeddedPostgres(home, port=port, durable=False)
        with pytest.raises(CannotStart, match=f"port {port} is in use"):
            server.start()
        server.stop()


def test_a_folder_without_postgres_is_named(home: Path) -> None:
    with pytest.raises(CannotStart, match="TOCSIN_PG_BINDIR"):
        EmbeddedPostgres(home, bindir=home)


def python_for_anyone() -> str | None:
    """Root's own interpreter may lie in a closed folder; the system's does not."""
    if not reachable_by_anyone(ROOT):
        return None
    candidates = (Path(sys.executable).resolve(), Path("/usr/bin/python3"))
    open_ones = (path for path in candidates if path.exists() and reachable_by_anyone(path))
    return str(next(open_ones, "")) or None


@pytest.mark.skipif(
    os.geteuid() != 0 or not python_for_anyone(), reason="nobody else can run Python here"
)
def test_it_runs_as_an_ordinary_user_too(home: Path) -> None:
    os.chown(home, 65534, 65534)
    done = subprocess.run(
        [str(python_for_anyone()), "-c", USED_AND_STOPPED, home],
        user=65534,
        group=65534,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(filter(None, (str(ROOT), *sys.path)))},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (home / "postgres" / "PG_VERSION").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders closed to PostgreSQL's user")
def test_a_home_closed_to_others_is_left_closed(home: Path) -> None:
    home.chmod(0o700)
    server = EmbeddedPostgres(home / "inside", port=free_port(), durable=False)
    server.start()
    server.stop()
    assert home.stat().st_mode & 0o777 == 0o700
    remove_home(server.data)


def test_ending_is_a_fast_shutdown_even_with_clients(server: EmbeddedPostgres) -> None:
    assert server.process
    with socket.create_connection(("127.0.0.1", server.port)):
        server.stop()
    assert server.process.returncode in (0, -signal.SIGINT)
