"""Notifications by e-mail: plain text through one SMTP server.

The server is named by `smtp://` or `smtps://` (TLS from the first byte); the user name and the
password stand before its host. `?starttls=required|never` overrules what is done otherwise:
required where there is a password, else used where the server offers it. `?from=` is the sender.
"""

import asyncio
import re
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from services.notification.outcome import Reached, Result, Unreached
from shared.process import CannotStart

_WITHIN = 30.0
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
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id}@tocsin>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Tocsin-Notification"] = str(id)
    message.set_content(text)
    return message


async def send(server: MailServer, message: EmailMessage) -> Result:
    """One call. What the server refuses for good about this mail is permanent; all else passes."""
    try:
        async with asyncio.timeout(_WITHIN):
            _, answer = await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.tls,
                start_tls=server.starttls,
                timeout=_WITHIN,
            )
    except SMTPRecipientsRefused as refused:
        return _refused(refused.recipients[0])
    except (SMTPSenderRefused, SMTPDataError) as refused:
        return _refused(refused)
    except SMTPResponseException as failed:
        return Unreached(f"the mail server answered {_code(failed)}")
    except (SMTPException, OSError, TimeoutError) as failed:
        return Unreached(f"the mail server cannot be used: {type(failed).__name__}")
    return Reached(answer[:3])


def _refused(refused: SMTPResponseException) -> Unreached:
    reason = f"the mail server refused it: {_code(refused)}"
    return Unreached(reason, permanent=refused.code >= 500)


def _code(response: SMTPResponseException) -> str:
    """Its codes alone: servers repeat the address in their words."""
    enhanced = _ENHANCED.match(str(response.message))
    return f"{response.code} {enhanced[0]}" if enhanced else str(response.code)
