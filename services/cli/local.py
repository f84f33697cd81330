"""What an installation of `tocsin run` keeps in its home: keys it made, tokens it shows."""

import json
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.restrictions import FOLLOWS
from shared.settings import Settings

KEY_BYTES = 32
DATABASES = "databases.json"
"""In the home: where the embedded server of the run under way is, for commands beside it."""


def prepare(home: Path) -> dict[str, str]:
    """Make what is missing; answers a fresh demo token for each role."""
    home.mkdir(parents=True, exist_ok=True)
    key = home / "master.key"
    if not key.exists():
        write_private(key, secrets.token_bytes(KEY_BYTES))
    issuer = EmbeddedIssuer(home)
    issuer.ensure()
    tokens = {role.value: issuer.token(f"demo-{role.value}", [role]) for role in Role}
    write_private(home / "tokens.json", json.dumps(tokens, indent=1).encode())
    return tokens


def settings_beside_a_run() -> Settings:
    """The environment's settings; without a database in them, those of the run in this home."""
    settings = Settings()
    file = settings.home / DATABASES
    if settings.database_url or settings.incident_database_url or not file.exists():
        return settings
    urls = {name: SecretStr(url) for name, url in json.loads(file.read_bytes()).items()}
    return settings.model_copy(update={**urls, "local": True})


def service_token(home: Path) -> str:
    """What the services of this installation show one another."""
    return EmbeddedIssuer(home).token("tocsin", [Role.SERVICE], days=365, scope=FOLLOWS)


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and for its owner alone from the first byte on."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.rename(path)
