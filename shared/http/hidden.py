"""An address may hold a credential: it is taken out before anything can log, trace or count it."""

import re

from fastapi import Request
from starlette.types import Scope

_MARKS = ("/by-key/", "/sns/")
"""In an address: what follows is the credential."""

_HELD = re.compile("|".join(f"(?<={mark})[^/]+" for mark in _MARKS))
_SECRET = "tocsin.secret"  # noqa: S105  # where it goes meanwhile
_MASK = "-"


def holds_secret(path: str) -> bool:
    """Whether such an address holds a credential."""
    return _HELD.search(path) is not None


def hide_secret(scope: Scope) -> None:
    """Routes, traces and failures see a dash where the address holds a credential."""
    if (held := _HELD.search(scope["path"])) is not None:
        scope[_SECRET] = held[0]
        scope["path"] = _HELD.sub(_MASK, scope["path"], count=1)
        scope["raw_path"] = scope["path"].encode("utf-8", "surrogateescape")


def secret_of(request: Request) -> str:
    """The credential that the address held; empty where it held none."""
    return str(request.scope.get(_SECRET, ""))
