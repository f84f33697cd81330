"""The `tocsin` command: what is missing or wrong is told in one line that names the cure."""

import os
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from shared.auth.issuer import EmbeddedIssuer
from shared.process import free_port
from tests.support.postgres import ROOT


def tocsin(*words: str, **told: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *words],
        env=kept | {f"TOCSIN_{name}": value for name, value in told.items()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "told", "cure"),
    [
        pytest.param(["serve", "incident"], {}, "set TOCSIN_MASTER_KEY", id="no master key"),
        pytest.param(
            ["serve", "incident"], {"MASTER_KEY": "key"}, "set TOCSIN_OIDC_ISSUER", id="no issuer"
        ),
        pytest.param(["migrate"], {}, "set TOCSIN_DATABASE_URL", id="no database"),
        pytest.param(["token", "admin"], {"HOME": "/nowhere"}, "tocsin run", id="no home"),
        pytest.param(["run"], {"PORT": "many"}, "TOCSIN_PORT is not valid", id="no number"),
        pytest.param(
            ["run"], {"PG_BINDIR": "/nowhere"}, "correct TOCSIN_PG_BINDIR", id="no PostgreSQL"
        ),
    ],
)
def test_what_is_missing_is_named(
    words: list[str], told: dict[str, str], cure: str, tmp_path: Path
) -> None:
    ports = ("PORT", "INCIDENT_PORT", "PROBLEM_PORT", "NOTIFICATION_PORT")
    free = {name: str(free_port()) for name in ports}
    done = tocsin(*words, **({"HOME": str(tmp_path)} | free | told))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert cure in done.stderr


def test_a_token_is_signed_by_the_key_at_home(tmp_path: Path) -> None:
    issuer = EmbeddedIssuer(tmp_path)
    issuer.ensure()
    done = tocsin("token", "responder", "auditor", "--subject", "ann", HOME=str(tmp_path))
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert claims["sub"] == "ann"
    assert claims["roles"] == ["auditor", "responder"]
    assert claims["iss"] == issuer.issuer


COMMANDS = "run serve proxy demo migrate rebuild token site import export".split()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    assert tocsin(command, "--help").returncode == 0


def test_every_command_is_listed() -> None:
    listed = tocsin("--help").stdout
    assert [name for name in COMMANDS if f" {name} " in listed] == COMMANDS


def test_a_service_carries_nothing_of_the_other_commands_nor_of_migrations() -> None:
    names = "'alembic', 'aiosmtpd', 'services.cli.demo', 'services.problem'"
    check = f"import sys; print([name for name in ({names}) if name in sys.modules])"
    serving = "from services.cli.main import command_line; command_line(['serve'])"
    script = f"{serving}; import services.incident.app; {check}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
