"""`python -m tests.bench.receivers HTTP_PORT SMTP_PORT`: takes whatever comes, as fast as it can.

`GET /` on the first port tells how many came and when: Unix seconds, oldest first, as JSON.
"""

import asyncio
import json
import sys
import time
from typing import cast

import uvloop

_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
_ARRIVED: list[float] = []


class Webhook(asyncio.Protocol):
    """Answers each POST at once, and keeps the connection."""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            if head.startswith(b"get"):
                return self._tell()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(self._held) < end + 4 + length:
                return None
            self._held = self._held[end + 4 + length :]
            _ARRIVED.append(time.time())
            self._transport.write(_TAKEN)
        return None

    def _tell(self) -> None:
        body = json.dumps(_ARRIVED).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self._transport.write(head.encode() + body)
        self._transport.close()


class Mail(asyncio.Protocol):
    """Says yes to everything."""

    def __init__(self) -> None:
        self._held = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        while True:
            if self._in_data:
                _, found, rest = self._held.partition(b"\r\n.\r\n")
                if not found:
                    return
                self._in_data, self._held = False, rest
                _ARRIVED.append(time.time())
                self._transport.write(b"250 2.0.0 taken\r\n")
                continue
            line, found, rest = self._held.partition(b"\r\n")
            if not found:
                return
            self._held = rest
            self._command(line.upper())

    def _command(self, line: bytes) -> None:
        if line == b"DATA":
            self._in_data = True
            self._transport.write(b"354 go on\r\n")
        elif line == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        else:
            self._transport.write(b"250 fine\r\n")


async def _serve(http: int, smtp: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(Webhook, "127.0.0.1", http)
    await loop.create_server(Mail, "127.0.0.1", smtp)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
