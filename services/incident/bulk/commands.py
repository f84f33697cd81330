"""The commands of an incident, as their routes have them."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from services.incident.rules import RULES
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Forbidden, Invalid
from shared.http.asked import Asked

_PLACE = "/v1/incidents/{id}/"


class Command(NamedTuple):
    """One command's endpoint, and how to call it."""

    endpoint: Callable[..., Coroutine[Any, Any, Response]]
    asked: str
    body: str
    takes: TypeAdapter[Any]
    roles: frozenset[Role]

    def read(self, arguments: Mapping[str, Any]) -> Any:
        """The arguments as the endpoint takes them. Raises Invalid."""
        try:
            return self.takes.validate_python(arguments)
        except ValidationError as failure:
            raise Invalid(*map(_error, failure.errors())) from None

    def require(self, caller: Caller) -> None:
        """Raises Forbidden where the caller may not give the command at all."""
        if (reason := caller.lacks(*self.roles)) is not None:
            raise Forbidden(reason)

    async def give(self, asked: Asked, incident: str, body: Any) -> Response:
        """Give it to one incident. Raises what the command alone would."""
        return await self.endpoint(**{"id": incident, self.asked: asked, self.body: body})


def commands_of(routers: Iterable[APIRouter]) -> dict[str, Command]:
    """By name, the commands that take an incident, arguments, and nothing else."""
    routes = (r for router in routers for r in router.routes if isinstance(r, APIRoute))
    by_path = {r.path: r for r in routes if r.methods == {"POST"} and _is_plain(r)}
    return {name: _command(by_path[_PLACE + name]) for name in RULES if _PLACE + name in by_path}


def _is_plain(route: APIRoute) -> bool:
    wanted = route.dependant
    counts = (wanted.path_params, wanted.body_params, wanted.dependencies)
    return [len(each) for each in counts] == [1, 1, 1] and not wanted.query_params


def _command(route: APIRoute) -> Command:
    [asked], [body] = route.dependant.dependencies, route.dependant.body_params
    roles: frozenset[Role] = getattr(asked.call, "roles", frozenset())
    takes: TypeAdapter[Any] = TypeAdapter(body.field_info.annotation or dict)
    return Command(route.endpoint, str(asked.name), body.name, takes, roles)


def _error(error: Any) -> tuple[str, str]:
    path = "".join(f"/{step}" for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"/arguments{path}", "is not an argument of this command"
    return f"/arguments{path}", str(error["msg"]).removeprefix("Value error, ")
