"""Fetching over real connections: limits of size and time, and no way around them."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared.client import FetchFailed, fetch, new_client

OK = b"HTTP/1.1 200 OK\r\n"
Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await serve(writer)
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"


def saying(raw: bytes) -> Serve:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return serve


async def fetched(serve: Serve, within: float = 10) -> bytes:
    async with server(serve) as url, new_client() as client:
        return await fetch(client, url, limit=100, within=within)


async def test_a_body_up_to_the_limit_is_read() -> None:
    assert await fetched(saying(OK + b"\r\n" + b"x" * 100)) == b"x" * 100


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"\r\n" + b"x" * 101,
        OK + b"Content-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
async def test_other_answers_fail(raw: bytes) -> None:
    with pytest.raises(FetchFailed):
        await fetched(saying(raw))


async def test_a_compressed_body_is_not_unpacked() -> None:
    packed = gzip.compress(b"x" * 10_000)
    raw = OK + b"Content-Encoding: gzip\r\n\r\n" + packed
    assert await fetched(saying(raw)) == packed


async def test_a_body_that_drips_for_ever_is_left() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"\r\n")
        while not writer.is_closing():
            writer.write(b"")
            await asyncio.sleep(0.01)

    with pytest.raises(FetchFailed, match="TimeoutError"):
        await fetched(drip, within=0.1)


@pytest.mark.parametrize("url", ["http://[", "ftp://127.0.0.1/", "http://127.0.0.1:1/", ""])
async def test_an_address_that_leads_nowhere_fails(url: str) -> None:
    async with new_client() as client:
        with pytest.raises(FetchFailed):
            await fetch(client, url, limit=100, within=10)
