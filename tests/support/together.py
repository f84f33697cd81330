"""The incident and the problem service behind real servers, each following the other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.process import free_port
from shared.settings import Service as Name
from shared.settings import Settings
from tests.support.postgres import Databases, new_home, remove_home
from tests.support.server import running
from tests.support.service import RunningService, prepare_home
from tests.support.started import client_at, create_app_of

_NAMES: tuple[Name, ...] = ("incident", "problem")


class Listening(NamedTuple):
    """A service and its address."""

    service: RunningService
    base: str

    def client(self, role: Role) -> AsyncClient:
        """As this role."""
        return client_at(self.base, self.service, role)


@asynccontextmanager
async def together(databases: Databases) -> AsyncIterator[dict[str, Listening]]:
    """Both, by name; all of it is gone in the end."""
    home, made = new_home(), {name: await databases.create(name) for name in _NAMES}
    issuer, ports = prepare_home(home), {name: free_port() for name in _NAMES}
    told: dict[str, Any] = {"home": home, "local": True, "log_level": "error"}
    told |= {"notification_port": free_port()}
    for name in _NAMES:
        told |= {f"{name}_port": ports[name], f"{name}_database_url": made[name].app}
    settings = Settings(**told)
    async with AsyncExitStack() as stack:
        found: dict[str, Listening] = {}
        for name in _NAMES:
            app = create_app_of(name)(settings)
            base = await stack.enter_async_context(running(app, ports[name]))
            found[name] = Listening(RunningService(app, issuer, made[name], settings), base)
        yield found
    for database in made.values():
        await databases.drop(database)
    remove_home(home)
