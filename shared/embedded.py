"""A real PostgreSQL of our own beside the services: made, started, stopped and found again."""

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from shared.postgres_binaries import (
    ROOTS_OWN,
    find_binaries,
    major_version,
    reachable_by_anyone,
    reachable_copy,
)
from shared.process import (
    CannotStart,
    command_line,
    die_with_parent,
    free_port,
    port_is_free,
    unprivileged_account,
)

SUPERUSER = "postgres"
OWNER = "tocsin_owner"  # owns the databases and migrates them
APP = "tocsin_app"  # what the services connect as

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


class EmbeddedPostgres:
    """One cluster below `home`. `durable=False` gives up crash safety for speed: tests only."""

    def __init__(
        self, home: Path, *, port: int = 0, durable: bool = True, bindir: Path | None = None
    ) -> None:
        self.home = home.absolute()
        self.port = port or free_port()
        self.durable = durable
        self.account = unprivileged_account()
        self.bin = reachable_copy(find_binaries(bindir))
        self.data = self._data_folder()
        self.log = self.home / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def url(self, database: str = "postgres", role: str = OWNER) -> str:
        """postgresql://… of this database for this role; needs no running server."""
        return f"postgresql://{role}:{self._password(role)}@127.0.0.1:{self.port}/{database}"

    def start(self, patience: float = 60) -> None:
        """Blocks until connections are accepted."""
        self.launch()
        deadline = time.monotonic() + patience
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL is not ready after {patience:.0f} s: see {self.log}")
            time.sleep(0.02)

    def launch(self) -> None:
        """Start the server, made first where there is none; `is_ready` tells when it serves."""
        self._claim()
        self._require_same_major()
        self._end_leftover()
        if not port_is_free("127.0.0.1", self.port):
            raise CannotStart(f"port {self.port} is in use: stop what listens there")
        if not self.data.exists():
            self._create()
        self.process = self._spawn()

    def is_ready(self) -> bool:
        """Raises `CannotStart` when the server has given up."""
        if self.process is None or self.process.poll() is not None:
            raise CannotStart(f"PostgreSQL did not start: {self._last_words()}")
        lines = self._pidfile()
        return len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def stop(self) -> None:
        """Fast shutdown; SIGTERM would wait for every client to leave."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)
        self._release()

    # ---- where things are

    def _data_folder(self) -> Path:
        """Below home, unless home is closed to the account that PostgreSQL must run as."""
        if not self.account or reachable_by_anyone(self.home):
            return self.home / "postgres"
        return ROOTS_OWN / f"data-{hashlib.sha256(str(self.home).encode()).hexdigest()[:12]}"

    def _password(self, role: str) -> str:
        """Each role has its own, all drawn from one secret that never leaves home."""
        return hashlib.sha256(f"{role}:{self._secret()}".encode()).hexdigest()[:40]

    def _secret(self) -> str:
        path = self.home / "postgres.secret"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
        return path.read_text()

    def _pidfile(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        fatal = [line for line in lines if "FATAL" in line or "error" in line.lower()]
        return f"{(fatal or lines or ['no reason given'])[-1]} (see {self.log})"

    # ---- before the start

    def _claim(self) -> None:
        """One starter a home: whoever holds the lock may end what an earlier one left behind."""
        if self._lock:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        lock = (self.home / "postgres.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise CannotStart(
                f"already running on {self.home}: stop it, or set TOCSIN_HOME to another folder"
            ) from None
        self._lock = lock

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _require_same_major(self) -> None:
        mark = self.data / "PG_VERSION"
        ours = major_version(self.bin)
        if mark.exists() and (theirs := int(mark.read_text())) != ours:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {theirs}, this is {ours}: carry it over with "
                f"pg_upgrade, or set TOCSIN_PG_BINDIR to the programs of {theirs}"
            )

    def _end_leftover(self) -> None:
        lines = self._pidfile()
        if lines and self._is_our_server(lines[0]):
            self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def _is_our_server(self, pid: str) -> bool:
        """Process ids are reused: only a server with our folder on its command line is ours."""
        return str(self.data) in command_line(int(pid))

    # ---- making and starting it

    def _create(self) -> None:
        """In a folder that gets its name when all is done: half-made clusters are never found."""
        shutil.rmtree(making := self.data.with_name(f"{self.data.name}.new"), ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        if self.account:
            os.chown(making, self.account["user"], self.account["group"])
        self._run(
            "initdb", "-D", making, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", *self._locale()
        )
        (making / "pg_hba.conf").write_text(HBA)
        self._run("postgres", "--single", "-D", making, "postgres", sql=self._roles())
        making.rename(self.data)

    def _locale(self) -> list[str]:
        options = ["--locale=C.UTF-8", "--no-instructions"]
        if not self.durable:
            options.append("--no-sync")
        return options if major_version(self.bin) < 17 else ["--locale-provider=builtin", *options]

    def _roles(self) -> str:
        return "".join(
            f"{verb} role {role} login {right} password '{self._password(role)}'\n"
            for verb, role, right in (
                ("alter", SUPERUSER, "superuser"),
                ("create", OWNER, "createdb"),
                ("create", APP, ""),
            )
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = SETTINGS | {"port": str(self.port)} | ({} if self.durable else FORGETFUL)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self.bin / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd="/",
                start_new_session=True,  # a terminal's Ctrl-C is ours to pass on
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  # one prctl call, loaded before the fork
                **self.account,
            )

    def _run(self, program: str, *options: str | Path, sql: str = "") -> None:
        done = subprocess.run(
            [self.bin / program, *options],
            input=sql.encode(),
            env=self._environment(),
            cwd="/",
            capture_output=True,
            check=False,
            **self.account,
        )
        if done.returncode:
            with self.log.open("ab") as log:
                log.write(done.stdout + done.stderr)
            raise CannotStart(f"{program} failed: {self._last_words()}")

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
