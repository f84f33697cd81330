"""An address may hold a credential: it is taken out before anything can log, trace or count it."""

import re

from fastapi import FastAPI, Request
from starlette.types import Receive, Scope, Send

_HELD = re.compile(r"(?<=/by-key/)[^/]+")
_SECRET = "tocsin.secret"  # noqa: S105  # where it goes meanwhile
_MASK = "-"


class Application(FastAPI):
    """Routes, traces and failures see a dash where the address held a credential."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, with the credential put aside."""
        if scope["type"] == "http" and (held := _HELD.search(scope["path"])) is not None:
            scope[_SECRET] = held[0]
            scope["path"] = _HELD.sub(_MASK, scope["path"], count=1)
            scope["raw_path"] = scope["path"].encode("utf-8", "surrogateescape")
        await super().__call__(scope, receive, send)


def secret_of(request: Request) -> str:
    """The credential that the address held; empty where it held none."""
    return str(request.scope.get(_SECRET, ""))
