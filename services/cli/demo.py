"""`tocsin demo`: one story from an alert to a closed problem, on a running system."""

import asyncio
import base64
import json
import secrets
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from services.cli.story.chapters import CHAPTERS, Cast
from services.cli.story.monitoring import monitor
from services.cli.story.sinks import Received, mail_address, mail_sink, webhook_sink
from services.cli.story.teller import Teller, Unexpected
from shared.client import HTTPError
from shared.process import CannotStart
from shared.settings import Settings


def demo(
    url: Annotated[
        str, typer.Option(envvar="TOCSIN_URL", help="The one origin of a running system")
    ] = "",
) -> None:
    """Tell a story step by step, each with the call behind it; needs `tocsin run` beside it."""
    settings = Settings()
    try:
        asyncio.run(_tell(settings, url or f"http://{settings.host}:{settings.port}"))
    except HTTPError as failure:
        address = url or f"http://{settings.host}:{settings.port}"
        raise CannotStart(
            f"nothing answers at {address} ({failure}): start `make run` first, or set TOCSIN_URL"
        ) from None
    except Unexpected as failure:
        raise CannotStart(str(failure)) from None
    typer.echo("\nThat was all of it. Look around: the API is documented at /docs.")


async def _tell(settings: Settings, url: str) -> None:
    teller = Teller(url, _tokens(settings))
    received, secret = Received(), _webhook_secret()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(teller.close)
        host, port = mail_address(settings)
        await stack.enter_async_context(mail_sink(host, port, received))
        hook = await stack.enter_async_context(webhook_sink(secret, received))
        source = await stack.enter_async_context(monitor(teller))
        cast = Cast(teller, received, hook, secret, source)
        for chapter in CHAPTERS:
            await chapter(cast)


def _tokens(settings: Settings) -> dict[str, str]:
    file = settings.home / "tokens.json"
    if not file.exists():
        raise CannotStart(f"{file} is missing: start `make run` first, in the same folder")
    tokens: dict[str, str] = json.loads(file.read_text())
    return tokens


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
