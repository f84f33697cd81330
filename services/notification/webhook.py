"""Notifications by webhook, signed by the Standard Webhooks scheme (standardwebhooks.com)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from standardwebhooks import Webhook

from services.notification.outcome import Reached, Result, Unreached
from services.notification.said import Words
from shared.destination import OutgoingFailed, OutgoingRefused
from shared.outgoing import Answered, Outgoing

_encode = msgspec.json.Encoder(order="sorted").encode
_GONE = 410
_BUSY = (429, 503)


class Message(msgspec.Struct, frozen=True):
    """The body: the same in every attempt, so that a receiver can drop what it has seen."""

    type: str
    timestamp: datetime | None
    data: dict[str, str]


def message(words: Words, happened_at: datetime | None) -> bytes:
    """What is posted: the fact, what was known of its incident or problem, and the words."""
    told = words.values | {"subject": words.subject, "text": words.text}
    return _encode(Message(words.values["fact"], happened_at, told))


def signed(id: UUID, content: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a call: stable id, time of the attempt, signatures over both and the body.

    One by each secret, so that one can be changed for another.
    """
    signatures = [Webhook(secret).sign(str(id), at, content.decode()) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "tocsin",
        "webhook-id": str(id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def post(outgoing: Outgoing, url: str, content: bytes, headers: dict[str, str]) -> Result:
    """One call; only a 2xx answer counts."""
    try:
        answer = await outgoing.post(url, content, headers)
    except OutgoingRefused as refused:
        return Unreached(str(refused), permanent=True)
    except OutgoingFailed as failed:
        return Unreached(str(failed), down=True)
    return understood(answer)


def understood(answer: Answered) -> Result:
    """What an answer means for the attempt."""
    status = answer.status
    if 200 <= status < 300:
        return Reached(str(status))
    if status == _GONE:
        return Unreached("answered 410: the endpoint is gone", permanent=True)
    if 300 <= status < 400:
        return Unreached(f"answered {status}: redirects are not followed")
    asked = answer.retry_after if status in _BUSY else 0.0
    return Unreached(f"answered {status}", retry_after=asked, down=status >= 500)
