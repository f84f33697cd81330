"""Where the demo's messages really arrive: a mail server and a webhook receiver on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import uvicorn
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook

from shared.process import free_port
from shared.settings import Settings


@dataclass
class Received:
    """What arrived so far; webhooks only with a signature that holds."""

    mails: list[EmailMessage] = field(default_factory=list)
    webhooks: list[dict[str, object]] = field(default_factory=list)


class _Mailbox:
    def __init__(self, received: Received) -> None:
        self._received = received

    async def handle_DATA(  # noqa: N802  # as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = cast(bytes, envelope.content)
        parsed = message_from_bytes(content, policy=policy.default)
        self._received.mails.append(parsed)
        return "250 received"


@asynccontextmanager
async def mail_sink(host: str, port: int, received: Received) -> AsyncIterator[None]:
    """Receive mail at this address."""
    controller = Controller(_Mailbox(received), hostname=host, port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@asynccontextmanager
async def webhook_sink(secret: str, received: Received) -> AsyncIterator[str]:
    """Receive signed webhooks at the URL this gives."""
    app, port = FastAPI(), free_port()

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        body = await request.body()
        received.webhooks.append(Webhook(secret).verify(body, dict(request.headers)))
        return Response(status_code=204)

    config = uvicorn.Config(app, port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    try:
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        server.should_exit = True
        await task


def mail_address(settings: Settings) -> tuple[str, int]:
    """Where `tocsin run` sends its mail."""
    url = settings.smtp_url.get_secret_value() if settings.smtp_url else "smtp://127.0.0.1:8025"
    host, _, port = url.removeprefix("smtp://").partition("?")[0].rpartition(":")
    return host.rpartition("@")[2], int(port)
