"""Notifications by e-mail: plain text through one SMTP server.

The server is named by `smtp://` or `smtps://` (TLS from the first byte); the user name and the
password stand before its host. `?starttls=required|never` overrules what is done otherwise:
required where there is a password, else used where the server offers it. `?from=` is the sender.
"""

import asyncio
import re
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from time import monotonic
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from services.notification.outcome import Lost, Reached, Result, Unreached
from shared.process import CannotStart

_ENCODED, _UNSEEN = "=?", "\u200b"
_WITHIN = 30.0
_ANSWERS_WITHIN = 20.0
_AT_ONCE = 10
_FRESH_SECONDS = 2.0
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_STARTTLS = {"required": True, "never": False}


class MailServer(NamedTuple):
    """Where mail goes out, and from whom."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool | None  # None: where the server offers it
    sender: str


def mail_server(url: str) -> MailServer:
    """The server that a URL names. Raises CannotStart for any other."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise CannotStart("TOCSIN_SMTP_URL must look like smtp://user:password@host:587")
    tls = parts.scheme == "smtps"
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    user = unquote(parts.username) if parts.username else None
    starttls = None if tls else _STARTTLS.get(asked.get("starttls", ""), True if user else None)
    return MailServer(
        host=parts.hostname,
        port=parts.port or (465 if tls else 587 if user else 25),
        user=user,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        starttls=False if tls else starttls,
        sender=asked.get("from", f"tocsin@{parts.hostname}"),
    )


def mail(id: UUID, *, sender: str, to: str, subject: str, text: str, at: datetime) -> EmailMessage:
    """The message: every repeat carries the same Message-ID."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = _as_it_is(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id}@tocsin>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Tocsin-Notification"] = str(id)
    message.set_content(text, cte="quoted-printable")
    return message


def can_be_written(address: str) -> bool:
    """Whether a mail can name it: what looks encoded would be decoded to another one."""
    return _ENCODED not in address


def _as_it_is(subject: str) -> str:
    """What looks encoded would be decoded here: into line breaks, and headers after them."""
    return subject.replace(_ENCODED, f"={_UNSEEN}?")


class Post:
    """A mail server's connections: each carries one mail after another while there are any."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self.sender = server.sender
        self._idle: list[tuple[aiosmtplib.SMTP, float]] = []  # and when it was last used
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def close(self) -> None:
        """Let go of what is open."""
        while self._idle:
            self._idle.pop()[0].close()

    async def send(self, message: EmailMessage) -> Result:
        """One call. What the server refuses for good about this mail is permanent."""
        try:
            async with self._turn, asyncio.timeout(_WITHIN):
                return await self._send(message)
        except SMTPRecipientRefused as refused:
            return _refused(refused)
        except (SMTPSenderRefused, SMTPDataError) as refused:
            return _refused(refused)
        except SMTPResponseException as failed:
            return Unreached(f"the mail server answered {_code(failed)}")
        except (SMTPException, OSError, TimeoutError) as failed:
            return Unreached(f"the mail server cannot be used: {_trouble(failed)}", down=True)

    async def _send(self, message: EmailMessage) -> Result:
        client = await self._connection()
        try:
            result = await _handed_over(client, message)
        except BaseException:
            client.close()
            raise
        if isinstance(result, Lost):
            client.close()
        else:
            self._idle.append((client, monotonic()))
        return result

    async def _connection(self) -> aiosmtplib.SMTP:
        while self._idle:
            client, used_at = self._idle.pop()
            if client.is_connected and await _still_there(client, used_at):
                return client
            client.close()
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            timeout=_ANSWERS_WITHIN,
        )
        await client.connect()
        return client


async def _still_there(client: aiosmtplib.SMTP, used_at: float) -> bool:
    """Servers hang up on those who are silent for a while."""
    if monotonic() - used_at < _FRESH_SECONDS:
        return True
    try:
        await client.rset()
    except (SMTPException, OSError):
        return False
    return True


async def _handed_over(client: aiosmtplib.SMTP, message: EmailMessage) -> Result:
    await client.mail(parseaddr(message["From"])[1])
    await client.rcpt(message["To"])
    try:
        _, answer = await client.data(message.as_bytes(policy=SMTP_POLICY))
    except (SMTPServerDisconnected, SMTPTimeoutError) as lost:
        return Lost(f"the mail server was lost after the mail was sent: {type(lost).__name__}")
    return Reached(answer[:3])


def _trouble(failed: BaseException) -> str:
    """What went wrong, without a word of the server's own."""
    inner: BaseException | None = failed
    while inner is not None:
        if isinstance(inner, ssl.SSLError):
            return "its TLS certificate is refused"
        inner = inner.__cause__ or inner.__context__
    return type(failed).__name__


def _refused(refused: SMTPResponseException) -> Unreached:
    reason = f"the mail server refused it: {_code(refused)}"
    return Unreached(reason, permanent=refused.code >= 500)


def _code(response: SMTPResponseException) -> str:
    """Its codes alone: servers repeat the address in their words."""
    enhanced = _ENHANCED.match(str(response.message))
    return f"{response.code} {enhanced[0]}" if enhanced else str(response.code)
