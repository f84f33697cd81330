"""`tocsin run`: starts everything, heals what is killed, keeps data, leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil
import pytest

from shared.auth.roles import Role
from shared.embedded import APP, OWNER, EmbeddedPostgres
from shared.process import free_port
from tests.cli.sample import MODULE
from tests.support.postgres import ROOT, new_home, remove_home

PORTS = ("TOCSIN_PORT", "TOCSIN_INCIDENT_PORT", "TOCSIN_PROBLEM_PORT", "TOCSIN_NOTIFICATION_PORT")


@dataclass
class Installation:
    """A home, four ports, and the processes of one run after the other."""

    home: Path
    ports: dict[str, int]
    told: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def launch(self) -> subprocess.Popen[str]:
        told = {"TOCSIN_HOME": str(self.home)} | {k: str(v) for k, v in self.ports.items()}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        command = [sys.executable, "-m", MODULE]
        self.process = subprocess.Popen(
            command,
            env=kept | told | self.told,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.STDOUT,
        )
        return self.process

    def start(self) -> None:
        process = self.launch()
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                return
        pytest.fail("".join(said))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """What it said in the end."""
        assert self.process
        self.process.send_signal(number)
        said, _ = self.process.communicate()
        return said

    def descendants(self) -> dict[str, psutil.Process]:
        """By what they are; of PostgreSQL's the first."""
        found = {}
        for child in psutil.Process(self.pid).children():
            with suppress(psutil.NoSuchProcess):  # gone since, or about to be reaped
                command = child.cmdline()
                program = Path(command[0]).name
                found[command[-1] if program.startswith("python") else program] = child
        return found

    def get(self, path: str) -> tuple[int, str, str]:
        """Status, media type and body at the one origin."""
        try:
            with urlopen(f"http://127.0.0.1:{self.ports['TOCSIN_PORT']}{path}") as answer:
                return answer.status, answer.headers["content-type"], answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers["content-type"], error.read().decode()

    def post(self, path: str) -> None:
        request = Request(f"http://127.0.0.1:{self.ports['TOCSIN_PORT']}{path}", method="POST")
        urlopen(request).close()

    def until_back(self, name: str) -> None:
        """A restarted program has another process than the one that was killed."""
        while name not in self.descendants() or self.get(f"/v1/{name}/healthz")[0] != 200:
            time.sleep(0.05)

    def until_visits(self, service: str, expected: int) -> None:
        """The test's own time limit ends this when it never comes true."""
        while True:
            try:
                if self.get(f"/v1/{service}/readyz") == (200, "application/json", str(expected)):
                    return
            except (URLError, OSError):
                pass
            time.sleep(0.05)


@contextmanager
def new_installation() -> Iterator[Installation]:
    home = new_home()
    made = Installation(home, {name: free_port() for name in PORTS})
    yield made
    if made.process and made.process.poll() is None:
        made.stop()
    remove_home(home)


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Not started, and this test's own."""
    with new_installation() as made:
        yield made


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    """Started once for the tests that leave it running."""
    with new_installation() as made:
        made.start()
        yield made


def wait_for_the_end_of(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == []


def test_one_origin_answers_for_all(running: Installation) -> None:
    for service in ("incident", "problem", "notification"):
        assert running.get(f"/v1/{service}/healthz") == (200, "application/json", f'"{service}"')
        assert running.get(f"/v1/{service}s")[0] == 200
    assert running.get("/healthz")[0] == 200
    status, media_type, body = running.get("/v1/unknown")
    assert (status, media_type) == (404, "application/problem+json")
    assert json.loads(body)["status"] == 404


def test_its_document_and_page_are_served_whole(running: Installation) -> None:
    document = json.loads(running.get("/openapi.json")[2])
    assert {"/v1/incidents", "/v1/problems", "/v1/incident/healthz"} <= set(document["paths"])
    assert "://" not in running.get("/docs")[2]
    assert running.get("/docs/swagger-ui.css")[0] == 200


def test_the_tokens_it_writes_are_private_and_cover_every_role(running: Installation) -> None:
    assert set(json.loads((running.home / "tokens.json").read_text())) == set(Role)
    for secret in ("tokens.json", "master.key", "issuer.json", "postgres.secret"):
        assert (running.home / secret).stat().st_mode & 0o077 == 0
    assert len((running.home / "master.key").read_bytes()) == 32


@pytest.mark.parametrize("name", ["incident", "problem", "notification", "caddy", "postgres"])
def test_whatever_is_killed_comes_back_by_itself(running: Installation, name: str) -> None:
    service = "incident" if name in ("caddy", "postgres") else name
    visits = int(running.get(f"/v1/{service}s")[2])
    running.post(f"/v1/{service}s")
    killed = running.descendants()[name]
    killed.kill()
    wait_for_the_end_of([killed])
    running.until_visits(service, visits + 1)


def test_a_stop_leaves_nothing_behind_and_a_restart_finds_all(installation: Installation) -> None:
    installation.start()
    installation.post("/v1/incidents")
    key = (installation.home / "master.key").read_bytes()
    processes = psutil.Process(installation.pid).children(recursive=True)
    assert "stopped" in installation.stop(signal.SIGINT)
    assert installation.process
    assert installation.process.returncode == 0
    assert not [each for each in processes if each.is_running()]
    installation.start()
    installation.until_visits("incident", 1)
    assert (installation.home / "master.key").read_bytes() == key


def test_a_killed_supervisor_leaves_nothing_and_starts_again(installation: Installation) -> None:
    installation.start()
    installation.post("/v1/problems")
    processes = psutil.Process(installation.pid).children(recursive=True)
    assert len(processes) > 4
    installation.stop(signal.SIGKILL)
    wait_for_the_end_of(processes)
    installation.start()
    installation.until_visits("problem", 1)


def test_a_service_that_is_away_is_a_503_that_says_when_to_come_back(running: Installation) -> None:
    supervisor = psutil.Process(running.pid)
    away = running.descendants()["notification"]
    supervisor.suspend()  # or it would be back too soon
    away.kill()
    status, media_type, body = running.get("/v1/notifications")
    supervisor.resume()
    running.until_back("notification")
    assert (status, media_type) == (503, "application/problem+json")
    assert json.loads(body)["type"] == "/problems/unavailable"


def test_a_named_database_is_used_instead_of_its_own(
    installation: Installation, postgres: EmbeddedPostgres
) -> None:
    installation.told = {
        "TOCSIN_DATABASE_URL": postgres.url(role=APP),
        "TOCSIN_MIGRATION_URL": postgres.url(role=OWNER),
    }
    installation.start()
    assert set(installation.descendants()) == {"incident", "problem", "notification", "caddy"}
    assert not (installation.home / "postgres").exists()
    installation.until_visits("incident", 0)


@pytest.mark.parametrize("setting", PORTS[:2])
def test_a_busy_port_is_told_in_one_line(installation: Installation, setting: str) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", installation.ports[setting]))
        busy.listen()
        process = installation.launch()
        said, _ = process.communicate()
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert f"port {installation.ports[setting]} is in use" in said
    assert setting in said
