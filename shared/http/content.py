"""An answer in JSON whose bytes are there already."""

from collections.abc import Iterable

from fastapi import Response


class JsonBytes(Response):
    """As Starlette would make it, without taking headers to pieces and putting them together."""

    def __init__(
        self, content: bytes, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = content
        self.raw_headers = [
            (b"content-length", b"%d" % len(content)),
            (b"content-type", b"application/json"),
            *headers,
        ]
