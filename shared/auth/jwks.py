"""The keys of an OpenID Connect issuer, fetched, kept fresh and kept through its outages."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from shared.auth.keys import SigningKey, choose, usable
from shared.client import AsyncClient, FetchFailed, fetch
from shared.errors import Unavailable

REFRESH_SECONDS = 300.0
"""Keys older than this are renewed in the background while they go on serving."""
STALE_SECONDS = 86_400.0
"""How long keys outlive their issuer: an outage of its must not end incident work here."""
RETRY_SECONDS = 30.0
"""At most one fetch in this time, however many unknown key ids arrive."""
FIRST_RETRY_SECONDS = 2.0
"""The same before any key has been had: nothing works yet, so ask again soon."""

_LIMIT = 256 * 1024
_WITHIN_SECONDS = 10.0
_log = logging.getLogger(__name__)


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


class _KeySet(msgspec.Struct):
    keys: list[dict[str, object]]


class IssuerKeys:
    """One issuer's keys by id; fetches are shared by all who wait, and capped."""

    def __init__(
        self, issuer: str, client: AsyncClient, clock: Callable[[], float] = time.time
    ) -> None:
        self._issuer = issuer
        self._client = client
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched_at = -math.inf
        self._tried_at = -math.inf
        self._renewal: asyncio.Task[None] | None = None

    async def find(self, key_id: str | None, algorithm: str) -> SigningKey | None:
        """The key of that id for that algorithm; an unknown id asks the issuer, if it may.

        Raises Unavailable while no key has been had from the issuer.
        """
        key = choose(self._held(), key_id, algorithm)
        if key is None:
            await self.renew()
            return choose(self._held_or_unavailable(), key_id, algorithm)
        if not self._is_within(self._fetched_at, REFRESH_SECONDS):
            self._start_renewal()
        return key

    async def renew(self) -> None:
        """Fetch the keys, together with whoever else waits for them, unless it is too soon."""
        renewal = self._start_renewal()
        if renewal is not None:
            await asyncio.shield(renewal)

    async def aclose(self) -> None:
        """End a fetch that is under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    def _held(self) -> tuple[SigningKey, ...]:
        return self._keys if self._is_within(self._fetched_at, STALE_SECONDS) else ()

    def _held_or_unavailable(self) -> tuple[SigningKey, ...]:
        if held := self._held():
            return held
        raise Unavailable("the token issuer's keys cannot be fetched; try again shortly")

    def _is_within(self, moment: float, seconds: float) -> bool:
        # A moment in the future means that the clock was set back: then it proves nothing.
        return 0 <= self._clock() - moment < seconds

    def _start_renewal(self) -> asyncio.Task[None] | None:
        if self._renewal is not None and not self._renewal.done():
            return self._renewal
        pause = RETRY_SECONDS if self._held() else FIRST_RETRY_SECONDS
        if self._is_within(self._tried_at, pause):
            return None
        self._tried_at = self._clock()
        self._renewal = asyncio.create_task(self._fetch_keys())
        return self._renewal

    async def _fetch_keys(self) -> None:
        try:
            found = await self._published()
        except (FetchFailed, msgspec.DecodeError, RecursionError) as error:
            _log.warning("keeping the keys of issuer %s: %s", self._issuer, error)
            return
        self._keys, self._fetched_at = found, self._clock()

    async def _published(self) -> tuple[SigningKey, ...]:
        address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        discovery = msgspec.json.decode(await self._get(address), type=_Discovery)
        if discovery.issuer != self._issuer:
            raise FetchFailed(f"{address} speaks for another issuer, {discovery.issuer!r}")
        if not _is_as_safe(discovery.jwks_uri, self._issuer):
            raise FetchFailed(f"{discovery.jwks_uri!r} is less protected than the issuer itself")
        key_set = msgspec.json.decode(await self._get(discovery.jwks_uri), type=_KeySet)
        if keys := usable(key_set.keys):
            return keys
        raise FetchFailed(f"{discovery.jwks_uri} publishes no key that verifies signatures")

    async def _get(self, url: str) -> bytes:
        return await fetch(self._client, url, limit=_LIMIT, within=_WITHIN_SECONDS)


def _is_as_safe(jwks_uri: str, issuer: str) -> bool:
    """By TLS, or at the very origin that was configured without it."""
    try:
        keys, home = urlsplit(jwks_uri), urlsplit(issuer)
    except ValueError:
        return False
    return keys.scheme == "https" or (keys.scheme, keys.netloc) == (home.scheme, home.netloc)
