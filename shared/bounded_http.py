"""Limits that must hold before an application sees a request: size of its head, time to arrive."""

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.deadlines import NEVER, Deadlines, deadlines_of

HEAD_LIMIT = 16 * 1024  # bytes: request line and headers
ARRIVAL_LIMIT = 10.0  # seconds from the first byte of a request to the last
TYPES = {
    HTTPStatus.BAD_REQUEST: "/problems/malformed",
    HTTPStatus.REQUEST_TIMEOUT: "/problems/timeout",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "/problems/head-too-large",
}


class HeadTooLarge(Exception):
    """Raised into the parser, which answers for it."""


class Together:
    """What is written at one moment leaves in one packet: an answer's head with its body."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send this with whatever else is written before the loop goes on."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)

    def flush(self) -> None:
        """Send it now."""
        if self._held and not self._transport.is_closing():
            self._transport.write(b"".join(self._held))
        self._held.clear()

    def close(self) -> None:
        """Send what is written, then say good-bye."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Asked before `100 Continue` is written."""
        return self._transport.is_closing()


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would wait for ever and keep any number of headers."""

    head_limit = HEAD_LIMIT
    arrival_limit = ARRIVAL_LIMIT

    due = NEVER  # when the request under way must have arrived
    _deadlines: Deadlines
    _together: Together
    _unfinished_head = 0
    _arrived = 0  # at once, just now

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._together = Together(self.loop, transport)
        self._deadlines = deadlines_of(self.loop)
        self._deadlines.watch(self)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadlines.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._expect_request()
        self._arrived = len(data)
        self._unfinished_head += self._arrived
        super().data_received(data)
        if self._unfinished_head > self.head_limit:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        if max(self._unfinished_head, self._arrived) > self.head_limit:
            self._check_head()  # much of that may be a body
        self._unfinished_head = 0
        super().on_headers_complete()
        self.cycle.transport = self._together  # type: ignore[assignment]  # all that it calls

    def _check_head(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.head_limit:
            raise HeadTooLarge

    def on_body(self, body: bytes) -> None:
        self._unfinished_head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished_head = 0
        self._request_has_arrived()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's answer to whatever its parser refuses."""
        sizes = (len(name) + len(value) + 4 for name, value in self.headers or ())
        too_large = len(getattr(self, "url", b"")) + sum(sizes) > self.head_limit
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
        )

    def strike(self) -> None:
        """The request has taken too long to arrive."""
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _expect_request(self) -> None:
        if self.due == NEVER:
            self.due = self.loop.time() + self.arrival_limit

    def _request_has_arrived(self) -> None:
        self.due = NEVER

    def _refuse(self, status: HTTPStatus) -> None:
        """Closes; answers first, unless half an answer is already on its way."""
        if self.transport.is_closing():
            return
        self._together.flush()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(_answer(status))
        self.transport.close()


def _answer(status: HTTPStatus) -> bytes:
    problem = {"type": TYPES.get(status, "about:blank"), "title": status.phrase, "status": status}
    body = json.dumps(problem | {"detail": status.description or status.phrase}).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "content-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
