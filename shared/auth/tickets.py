"""Tickets for browsers' EventSource, which sends no header: sealed, for a minute, used once."""

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.auth.caller import Caller
from shared.errors import Unauthenticated

LIFE_SECONDS = 60.0
"""From its issue to the opening of the stream; the stream itself may last longer."""

_NONCE = 12
_MAX_LENGTH = 16 * 1024


class TicketClaims(Protocol):
    """Remembers, for all workers of a service, which tickets were used."""

    async def claim(self, ticket_id: str, expires_at: float) -> bool:
        """Whether this is the first use; may be forgotten once `expires_at` has passed."""
        ...


class _Content(msgspec.Struct, frozen=True, array_like=True):
    caller: Caller
    expires_at: float


class StreamTickets:
    """Issues and redeems tickets; sealed, as a URL is logged and a caller's id may be an address.

    The key derives from the service's master key (32 bytes), so any worker redeems what another
    issued, while a ticket for one service opens nothing at the next.
    """

    def __init__(
        self,
        master: bytes,
        service: str,
        claims: TicketClaims,
        clock: Callable[[], float] = time.time,
    ) -> None:
        purpose = f"tocsin stream ticket|{service}".encode()
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(master)
        self._cipher = AESGCM(key)
        self._claims = claims
        self._clock = clock

    def issue(self, caller: Caller) -> str:
        """A ticket that lets its bearer stream as this caller, once, within a minute."""
        content = _Content(caller, min(self._clock() + LIFE_SECONDS, caller.expires))
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, msgspec.msgpack.encode(content), None)
        return urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    async def redeem(self, ticket: str) -> Caller:
        """The caller it was issued to; raises Unauthenticated when forged, late or used."""
        ticket_id, content = self._opened(ticket)
        if content.expires_at <= self._clock():
            raise Unauthenticated("the stream ticket has expired; ask for a new one")
        if not await self._claims.claim(ticket_id, content.expires_at):
            raise Unauthenticated("the stream ticket was used before; ask for a new one")
        return content.caller

    def _opened(self, ticket: str) -> tuple[str, _Content]:
        try:
            data = _decoded(ticket)
            nonce, sealed = data[:_NONCE], data[_NONCE:]
            plain = self._cipher.decrypt(nonce, sealed, None)
            return nonce.hex(), msgspec.msgpack.decode(plain, type=_Content)
        except (InvalidTag, ValueError, msgspec.DecodeError):
            raise Unauthenticated("the stream ticket is not valid") from None


def _decoded(ticket: str) -> bytes:
    if len(ticket) > _MAX_LENGTH:
        raise ValueError("no ticket is that long")
    return urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
