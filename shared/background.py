"""What runs beside a service's routes: followers and timers, until the service stops."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.client import new_client
from shared.follower import Follower, Reaction
from shared.housekeeping import keep_house
from shared.http.service import Service
from shared.restrictions import FOLLOWS
from shared.settings import Service as Name
from shared.settings import Settings
from shared.timers import Handler, Timers
from shared.work_list import Step, WorkLists


@asynccontextmanager
async def running(
    service: Service,
    *,
    follows: Mapping[Name, Mapping[str, Reaction]],
    timers: Mapping[str, Handler],
    steps: Mapping[str, Step] | None = None,
    beside: Sequence[Coroutine[Any, Any, None]] = (),
) -> AsyncIterator[None]:
    """Follow these feeds with these reactions, ring these timers, work off these lists.

    `beside`: what else runs until then.
    """
    async with AsyncExitStack() as stack:
        for source, reactions in follows.items():
            url = f"{service.settings.url_of(source)}/v1/{source}"
            headers = {"authorization": f"Bearer {service_token(service.settings)}"}
            client = await stack.enter_async_context(new_client(base_url=url))
            client.headers.update(headers)
            name = f"{service.name}-follows-{source}"
            follower = Follower(name, source, service.store, client, reactions)
            service.followers.append(follower)
            await stack.enter_async_context(_task(follower.run()))
        await stack.enter_async_context(_task(keep_house(service.store)))
        if timers:
            await stack.enter_async_context(_task(Timers(service.store, timers).run()))
        if steps:
            await stack.enter_async_context(_task(WorkLists(service.store, steps).run()))
        for work in beside:
            await stack.enter_async_context(_task(work))
        yield


def service_token(settings: Settings) -> str:
    """What this service shows the others: configured, or made by the embedded issuer."""
    if settings.service_token is not None:
        return settings.service_token.get_secret_value()
    return EmbeddedIssuer(settings.home).token("tocsin", [Role.SERVICE], days=365, scope=FOLLOWS)


@asynccontextmanager
async def _task(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
