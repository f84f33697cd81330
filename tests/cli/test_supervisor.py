"""`tocsin run`: starts everything, heals what is killed, keeps data, leaves nothing behind."""

import json
import signal
import socket
from collections.abc import Iterator

import psutil
import pytest

from shared.auth.roles import Role
from shared.embedded import APP, OWNER, EmbeddedPostgres
from tests.cli.sample import MODULE
from tests.support.installation import PORTS, Installation, new_installation


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Not started, and this test's own."""
    with new_installation(MODULE) as made:
        yield made


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    """Started once for the tests that leave it running."""
    with new_installation(MODULE) as made:
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
    problem = json.loads(body)
    assert (problem["status"], problem["type"]) == (404, "/problems/not-found")


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
