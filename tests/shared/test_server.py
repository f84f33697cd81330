"""The server on real sockets: slow, oversized, broken requests, and a stop under open streams."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry

from shared.bounded_http import HEAD_LIMIT, BoundedHttp
from shared.client import new_client
from shared.http.front import Front
from shared.http.watch import Watch
from shared.process import CannotStart
from shared.server import serve, stopping
from tests.support.server import running


async def echo(request: Request) -> dict[str, int]:
    return {"size": len(await request.body())}


async def ticks(request: Request) -> StreamingResponse:
    async def endless() -> AsyncIterator[str]:
        yield "first\n"
        await stopping(request.app).wait()
        yield "last\n"

    return StreamingResponse(endless())


@pytest.fixture
def app() -> FastAPI:
    app = Front(watch=Watch(CollectorRegistry()), traced=False)
    app.post("/echo")(echo)
    app.get("/ticks")(ticks)
    return app


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedHttp, "arrival_limit", 0.2)


async def answer_to(base: str, *pieces: bytes, pause: float = 0) -> str:
    """All that the server says to these bytes until it closes."""
    address = urlsplit(base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause)
    answer = await reader.read()
    writer.close()
    return answer.decode()


HEAD = b"POST /echo HTTP/1.1\r\nhost: x\r\n"


async def test_a_body_arrives_whole_or_in_chunks(app: FastAPI) -> None:
    async with running(app) as base, new_client(base_url=base) as client:

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"x" * 10_000

        assert (await client.post("/echo", content=b"x" * 300_000)).json() == {"size": 300_000}
        assert (await client.post("/echo", content=chunks())).json() == {"size": 400_000}


async def test_a_body_that_waits_to_be_asked_for_is_asked_for(app: FastAPI) -> None:
    head = HEAD + b"content-length: 4\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
    async with running(app) as base:
        reader, writer = await asyncio.open_connection(*base.removeprefix("http://").split(":"))
        writer.write(head)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        answer = (await reader.read()).decode()
        writer.close()
    assert answer.startswith("HTTP/1.1 200")
    assert answer.endswith('{"size":4}')


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((), id="nothing at all"),
        pytest.param((b"\r\n", b"\r\n"), id="empty lines"),
        pytest.param((HEAD,), id="half a head"),
        pytest.param((HEAD + b"content-length: 9\r\n\r\n", b"half"), id="half a body"),
        pytest.param((HEAD + b"transfer-encoding: chunked\r\n\r\n", b"2\r\nab\r\n"), id="chunks"),
    ],
)
@pytest.mark.usefixtures("impatient")
async def test_a_request_that_does_not_arrive_is_given_up(
    app: FastAPI, pieces: tuple[bytes, ...]
) -> None:
    async with running(app) as base:
        answer = await answer_to(base, *pieces)
    assert answer.startswith("HTTP/1.1 408")
    assert "application/problem+json" in answer


@pytest.mark.usefixtures("impatient")
async def test_an_answer_may_take_longer_than_its_request_may(app: FastAPI) -> None:
    async with (
        running(app) as base,
        new_client(base_url=base) as client,
        client.stream("GET", "/ticks") as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == "first"
        await asyncio.sleep(3 * BoundedHttp.arrival_limit)
        stopping(app).set()
        assert await anext(lines) == "last"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((HEAD + b"a: " + b"x" * HEAD_LIMIT + b"\r\n\r\n",), id="one long header"),
        pytest.param((HEAD + b"a: bcd\r\n" * 3_000 + b"\r\n",), id="many headers"),
        pytest.param((b"GET /" + b"x" * HEAD_LIMIT + b" HTTP/1.1\r\n\r\n",), id="a long address"),
        pytest.param((HEAD, *[b"a: " + b"x" * 4_000] * 5), id="a header that never ends"),
    ],
)
async def test_a_head_beyond_the_limit_is_refused(app: FastAPI, pieces: tuple[bytes, ...]) -> None:
    async with running(app) as base:
        answer = await answer_to(base, *pieces, pause=0.01)
    assert answer.startswith("HTTP/1.1 431")
    assert answer.count("HTTP/1.1") == 1


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02", b"GET / HTTP/9.9\r\n\r\n", b"{}\r\n\r\n"])
async def test_what_is_not_http_gets_a_problem(app: FastAPI, garbage: bytes) -> None:
    async with running(app) as base:
        answer = await answer_to(base, garbage)
    assert answer.startswith("HTTP/1.1 400")
    assert "application/problem+json" in answer


async def test_a_stop_ends_open_streams_with_their_last_words(app: FastAPI) -> None:
    async with new_client() as client:
        async with running(app) as base:
            request = client.build_request("GET", f"{base}/ticks")
            lines = (await client.send(request, stream=True)).aiter_lines()
            assert await anext(lines) == "first"
        assert await anext(lines) == "last"


async def test_a_busy_port_is_named(app: FastAPI) -> None:
    async with running(app) as base:
        port = urlsplit(base).port
        with pytest.raises(CannotStart, match=f"port {port} is in use"):
            serve(app, host="127.0.0.1", port=port or 0)


@pytest.fixture
def watched(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """With a tenth of a second for each handler."""
    monkeypatch.setattr("shared.http.watch.SECONDS_TO_HANDLE", 0.1)
    return app


async def test_the_time_a_body_takes_is_not_the_handlers(watched: FastAPI) -> None:
    head = HEAD + b"connection: close\r\ncontent-length: 6\r\n\r\n"
    async with running(watched) as base:
        answer = await answer_to(base, head, b"two", b"two", pause=0.2)
    assert answer.startswith("HTTP/1.1 200")
    assert answer.endswith('{"size":6}')


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_never_arrives_is_the_clients_failure(watched: FastAPI) -> None:
    async with running(watched) as base:
        answer = await answer_to(base, HEAD + b"content-length: 9\r\n\r\n", b"half")
    assert answer.startswith("HTTP/1.1 408")


async def test_a_handler_that_takes_too_long_is_given_up(watched: FastAPI) -> None:
    async def slow(request: Request) -> None:
        await request.body()
        await asyncio.sleep(5)

    watched.post("/slow")(slow)
    async with running(watched) as base, new_client(base_url=base) as client:
        answer = await client.post("/slow", content=b"x")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
