"""`tocsin run`: starts everything, heals what is killed, keeps data, leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil
import pytest

from shared.auth.issuer import EmbeddedIssuer
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

    def until_visits(self, service: str, expected: int) -> None:
        """The test's own time limit ends this when it never comes true."""
        while True:
            try:
                if self.get(f"/v1/{service}/readyz") == (200, "application/json", str(expected)):
                    return
            except (URLError, OSError):
                pass
            time.sleep(0.05)


@pytest.fixture
def installation() -> Iterator[Installation]:
    home = new_home()
    made = Installation(home, {name: free_port() for name in PORTS})
    yield made
    if made.process and made.process.poll() is None:
        made.stop()
    remove_home(home)


def wait_for_the_end_of(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == []


def test_one_origin_answers_for_all_and_a_stop_leaves_nothing(installation: Installation) -> None:
    installation.start()
    for service in ("incident", "problem", "notification"):
        assert installation.get(f"/v1/{service}/healthz") == (
            200,
            "application/json",
            f'"{service}"',
        )
        assert installation.get(f"/v1/{service}s")[0] == 200
    assert installation.get("/healthz")[0] == 200
    status, media_type, body = installation.get("/v1/unknown")
    assert (status, media_type) == (404, "application/problem+json")
    assert json.loads(body)["status"] == 404

    document = json.loads(installation.get("/openapi.json")[2])
    assert {"/v1/incidents", "/v1/problems", "/v1/incident/healthz"} <= set(document["paths"])
    page = installation.get("/docs")[2]
    assert "http" not in page.replace(f"http://127.0.0.1:{installation.ports['TOCSIN_PORT']}", "")
    assert installation.get("/docs/swagger-ui.css")[0] == 200

    processes = psutil.Process(installation.pid).children(recursive=True)
    assert "stopped" in installation.stop(signal.SIGINT)
    assert installation.process
    assert installation.process.returncode == 0
    assert not [each for each in processes if each.is_running()]


def test_the_tokens_it_writes_are_private_and_cover_every_role(installation: Installation) -> None:
    installation.start()
    path = installation.home / "tokens.json"
    tokens = json.loads(path.read_text())
    assert set(tokens) == set(Role)
    for secret in ("tokens.json", "master.key", "issuer.json", "postgres.secret"):
        assert (installation.home / secret).stat().st_mode & 0o077 == 0
    assert len((installation.home / "master.key").read_bytes()) == 32
    assert EmbeddedIssuer(installation.home).exists()


def test_data_and_keys_outlive_a_restart(installation: Installation) -> None:
    installation.start()
    installation.post("/v1/incidents")
    key = (installation.home / "master.key").read_bytes()
    installation.stop()
    installation.start()
    installation.until_visits("incident", 1)
    assert (installation.home / "master.key").read_bytes() == key


def test_whatever_is_killed_comes_back_by_itself(installation: Installation) -> None:
    installation.start()
    for visits, name in enumerate(("incident", "problem", "notification", "caddy", "postgres")):
        installation.post("/v1/incidents")
        killed = installation.descendants()[name]
        killed.kill()
        wait_for_the_end_of([killed])
        service = name if name in ("problem", "notification") else "incident"
        installation.until_visits(service, 0 if service != "incident" else visits + 1)
        installation.until_visits("incident", visits + 1)


def test_a_killed_supervisor_leaves_nothing_and_starts_again(installation: Installation) -> None:
    installation.start()
    installation.post("/v1/problems")
    processes = psutil.Process(installation.pid).children(recursive=True)
    assert len(processes) > 4
    installation.stop(signal.SIGKILL)
    wait_for_the_end_of(processes)
    installation.start()
    installation.until_visits("problem", 1)


def test_a_service_that_is_away_is_a_503_that_says_when_to_come_back(
    installation: Installation,
) -> None:
    installation.start()
    supervisor = psutil.Process(installation.pid)
    away = installation.descendants()["notification"]
    supervisor.suspend()  # or it would be back too soon
    away.kill()
    status, media_type, body = installation.get("/v1/notifications")
    supervisor.resume()
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


@pytest.mark.parametrize("setting", PORTS)
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
