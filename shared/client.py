"""The one door to httpx: clients that follow no redirect, and bodies read up to a limit."""

import asyncio
import ssl
import sys
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.util import find_spec

if find_spec("sniffio") is None:
    # httpcore looks for it ten times a request, over the whole path: a quarter of the call.
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # as "there is none" is written

from httpx import (
    ASGITransport,
    AsyncBaseTransport,
    AsyncClient,
    HTTPError,
    InvalidURL,
    Limits,
    Request,
    Response,
    Timeout,
)

__all__ = [
    "ASGITransport",
    "AsyncBaseTransport",
    "AsyncClient",
    "FetchFailed",
    "HTTPError",
    "InvalidURL",
    "Limits",
    "Request",
    "Response",
    "Timeout",
    "fetch",
    "new_client",
]


class FetchFailed(Exception):
    """A document could not be had: no connection, too slow, too large, or not 200."""


def new_client(
    *,
    base_url: str = "",
    timeout: float = 10.0,
    environment: bool = False,
    transport: AsyncBaseTransport | None = None,
    trust: ssl.SSLContext | None = None,
    kept: float = 5.0,
) -> AsyncClient:
    """A client that follows no redirect and keeps no cookie.

    `environment` makes it heed HTTP_PROXY and the like.

    Connections that nobody uses are kept for so many seconds.
    """
    return AsyncClient(
        base_url=base_url,
        timeout=Timeout(timeout),
        follow_redirects=False,
        trust_env=environment,
        transport=transport,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        verify=trust or True,
        limits=Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=kept),
    )


async def fetch(client: AsyncClient, url: str, *, limit: int, within: float) -> bytes:
    """The body at `url`: at most `limit` bytes, in at most `within` seconds, else FetchFailed."""
    try:
        async with asyncio.timeout(within):
            return await _body(client, url, limit)
    except (HTTPError, InvalidURL, TimeoutError) as error:
        raise FetchFailed(f"{url}: {type(error).__name__} {error}".rstrip()) from error


async def _body(client: AsyncClient, url: str, limit: int) -> bytes:
    # Asked for and read unencoded, so that a few compressed bytes cannot become gigabytes.
    async with client.stream("GET", url, headers={"accept-encoding": "identity"}) as response:
        if response.status_code != 200:
            raise FetchFailed(f"{url}: answered {response.status_code}")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit:
                raise FetchFailed(f"{url}: more than {limit} bytes")
        return bytes(body)
