"""A client of a running system, for commands that talk to it as anybody could."""

import json
from typing import Annotated

import typer

from shared.client import AsyncClient, new_client
from shared.process import CannotStart
from shared.settings import Settings

_TIMEOUT = 60.0

Url = Annotated[str, typer.Option(envvar="TOCSIN_URL", help="A running system")]
Token = Annotated[str, typer.Option(envvar="TOCSIN_TOKEN", help="Of the role service")]


def client_of(url: str, token: str) -> AsyncClient:
    """At this address with this token, else beside `make run`. Raises CannotStart."""
    settings = Settings()
    base = url or f"http://{settings.host}:{settings.port}"
    client = new_client(base_url=base, timeout=_TIMEOUT)
    client.headers["authorization"] = f"Bearer {token or _service_token(settings)}"
    return client


def _service_token(settings: Settings) -> str:
    file = settings.home / "tokens.json"
    if not file.exists():
        raise CannotStart("set TOCSIN_TOKEN (role service), or start `make run` in this folder")
    tokens: dict[str, str] = json.loads(file.read_text())
    return tokens["service"]
