"""Calls to addresses that users name: checked, pinned, bounded, never redirected.

The connection goes to the very address that was checked, so no second answer of a name server
counts; the name stays in the Host header and in what TLS verifies.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import NamedTuple, Self

from shared.client import AsyncClient, HTTPError, InvalidURL, Response, new_client
from shared.clock import now
from shared.destination import (
    Destination,
    OutgoingFailed,
    Resolve,
    destination,
    resolved,
)
from shared.settings import Network

_MOST_NAMES = 200  # with connections that are kept
_IN_CLEAR, _NOT_KEPT = "http:", ""
_MOST_READ = 65_536
_DRAIN_SECONDS = 1.0
_KEPT_SECONDS = 3.0
_NOT_VALID = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is signed by itself",
    19: "it is signed by an authority that is not trusted",
    20: "it is signed by an authority that is not trusted",
    62: "it is another name's",
    64: "it is another address's",
}
"""What OpenSSL's codes mean; its own words hold the name that was called."""


class Answered(NamedTuple):
    """What a receiver said; `retry_after` is the seconds that it asks to be left alone for."""

    status: int
    retry_after: float = 0.0


class Outgoing:
    """Calls to users' addresses; used as an asynchronous context."""

    def __init__(
        self,
        allow: Sequence[Network] = (),
        *,
        within: float = 15.0,
        resolve: Resolve = resolved,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._destination = partial(destination, allow=allow, resolve=resolve)
        self._within = within
        self._trust = trust or ssl.create_default_context()
        # A client for each name: a kept connection was verified for the name it was opened to.
        self._clients: dict[str, AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Answered:
        """What the receiver answers; of its body a little is read, and nothing is kept.

        Raises OutgoingRefused, OutgoingFailed.
        """
        try:
            async with asyncio.timeout(self._within):
                return await self._post(await self._destination(url), content, headers)
        except TimeoutError:
            raise OutgoingFailed(f"no answer within {self._within:g} seconds") from None
        except (HTTPError, InvalidURL) as failure:
            raise OutgoingFailed(_reason(failure)) from None

    async def get(self, url: str, *, limit: int) -> bytes:
        """What stands there, at most `limit` bytes of it and only with 200.

        Raises OutgoingRefused, OutgoingFailed.
        """
        try:
            async with asyncio.timeout(self._within):
                return await self._got(await self._destination(url), limit)
        except TimeoutError:
            raise OutgoingFailed(f"no answer within {self._within:g} seconds") from None
        except (HTTPError, InvalidURL) as failure:
            raise OutgoingFailed(_reason(failure)) from None

    def _client(self, there: Destination) -> tuple[AsyncClient, dict[str, str]]:
        """Whom to call with, and the headers that go along."""
        secured = there.url.startswith("https:")
        keeps = not secured or there.name in self._clients or len(self._clients) < _MOST_NAMES
        name = (there.name if secured else _IN_CLEAR) if keeps else _NOT_KEPT
        client = self._clients.get(name)
        if client is None:
            client = new_client(timeout=self._within, trust=self._trust, kept=_KEPT_SECONDS)
            self._clients[name] = client
        return client, {"host": there.host} | ({} if keeps else {"connection": "close"})

    async def _got(self, there: Destination, limit: int) -> bytes:
        # Unencoded, so that a few compressed bytes cannot become gigabytes.
        client, own = self._client(there)
        own |= {"accept-encoding": "identity"}
        found = bytearray()
        async with client.stream(
            "GET", there.url, headers=own, extensions={"sni_hostname": there.name}
        ) as answer:
            if answer.status_code != 200:
                raise OutgoingFailed(f"answered {answer.status_code}")
            async for chunk in answer.aiter_raw():
                found += chunk
                if len(found) > limit:
                    raise OutgoingFailed(f"more than {limit} bytes")
        return bytes(found)

    async def _post(
        self, there: Destination, content: bytes, headers: Mapping[str, str]
    ) -> Answered:
        client, own = self._client(there)
        async with client.stream(
            "POST",
            there.url,
            content=content,
            headers={**headers, **own},
            extensions={"sni_hostname": there.name},
        ) as answer:
            await _drain(answer)
            return Answered(answer.status_code, _asked(answer.headers.get("retry-after", "")))


async def _drain(answer: Response) -> None:
    """Read a short body, so that the connection can be kept; one that goes on is hung up on."""
    if int(answer.headers.get("content-length") or 0) > _MOST_READ:
        return
    read = 0
    with suppress(HTTPError, TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for chunk in answer.aiter_raw():
                read += len(chunk)
                if read > _MOST_READ:
                    return


def _asked(retry_after: str) -> float:
    """The seconds a Retry-After asks for, as a number or as a date; 0 where it cannot be read."""
    if retry_after.strip().isascii() and retry_after.strip().isdigit():
        return float(retry_after[:9])
    try:
        return max((parsedate_to_datetime(retry_after) - now()).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _reason(failure: BaseException) -> str:
    """Why there was no answer, without the address."""
    inner: BaseException | None = failure
    while inner is not None:
        if isinstance(inner, ssl.SSLCertVerificationError):
            why = _NOT_VALID.get(inner.verify_code, "it does not hold")
            return f"its TLS certificate is refused: {why}"
        if isinstance(inner, ssl.SSLError):
            return "its TLS cannot be used"
        inner = inner.__cause__ or inner.__context__
    return f"no answer: {type(failure).__name__}"
