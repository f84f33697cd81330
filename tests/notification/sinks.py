"""Receivers on loopback that do as they are told: a webhook's and a mail server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from standardwebhooks import Webhook

from shared.process import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"


@dataclass
class Call:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str = SECRET) -> dict[str, Any]:
        """The message, if the signature holds."""
        message: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return message


@dataclass
class WebhookSink:
    """Answers with `answer` (a whole HTTP response), or never while it is empty."""

    port: int = field(default_factory=free_port)
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    calls: list[Call] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    keeps_open: bool = False
    pause: float = 0.0  # seconds before it answers
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def answers(self, status: int, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", "Content-Length: 0", *headers]
        self.answer = "\r\n".join([*lines, "", ""]).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._take(reader, writer)
            while self.keeps_open:
                await self._take(reader, writer)
        writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        self.calls.append(Call(headers, body))
        self.arrived.set()
        await asyncio.sleep(self.pause)
        if self.answer:
            writer.write(self.answer)
        else:
            await reader.read()

    @asynccontextmanager
    async def up(self) -> AsyncIterator["WebhookSink"]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()


@dataclass
class MailSink:
    """Answers each mail with `answer`; asks for a password where it has one."""

    port: int = field(default_factory=free_port)
    answer: str = "250 2.0.0 taken"
    password: str = ""
    hangs_up_after_data: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        user = f"tocsin:{quote(self.password)}@" if self.password else ""
        return f"smtp://{user}127.0.0.1:{self.port}?starttls=never&from=tocsin@example.com"

    async def handle_RCPT(  # noqa: N802  # as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.arrived.set()
        if self.hangs_up_after_data and server.transport:
            server.transport.close()
        return self.answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        known = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=known, handled=False)

    def protocol(self) -> SMTP:
        return SMTP(
            self,
            authenticator=self.authenticate if self.password else None,
            auth_require_tls=False,
        )

    @asynccontextmanager
    async def up(self) -> AsyncIterator["MailSink"]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self.protocol, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()
