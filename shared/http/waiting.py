"""`wait_for=<service>:<position>`: a reader sees what it, or another service, has just written."""

import asyncio
from typing import Annotated

from fastapi import Query

from shared.errors import Invalid, NotCaughtUp
from shared.http.service import Service

WaitFor = Annotated[
    str | None, Query(max_length=64, description="service:position to have been seen")
]

_PATIENCE = 2.0
_PAUSE = 0.02
_CURSOR = "select coalesce(max(position), 0) from cursors where name = any($1::text[])"
_HEAD = "select position from log"


async def has_seen(service: Service, wanted: str | None) -> None:
    """Wait, at most two seconds, until this service has seen that position.

    Raises Invalid for what names no position of a service known here, NotCaughtUp when it is late.
    """
    if wanted is None:
        return
    source, _, number = wanted.partition(":")
    followers = [f.name for f in service.followers if f.source == source]
    if not (number.isascii() and number.isdigit()) or not (followers or source == service.name):
        known = sorted({service.name, *(f.source for f in service.followers)})
        raise Invalid(("query:wait_for", f"must be service:position, of {', '.join(known)}"))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while await _seen(service, source, followers) < int(number):
        if loop.time() > deadline:
            raise NotCaughtUp(f"{source} position {number} has not arrived here yet; try again")
        await asyncio.sleep(_PAUSE)


async def _seen(service: Service, source: str, followers: list[str]) -> int:
    if source == service.name:
        return int(await service.store.pool.fetchval(_HEAD))
    return int(await service.store.pool.fetchval(_CURSOR, followers))
