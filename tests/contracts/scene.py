"""What sets a scene in a running service, and what it hands to the request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from shared.auth.roles import Role
from tests.support.service import RunningService


class Staged(NamedTuple):
    """What goes into the holes of an address, and which fields of the body must be real."""

    address: dict[str, str]
    body: dict[str, Any] = {}


Scene = Callable[[str], Awaitable[Staged]]
"""Makes what a command (or "") needs; by the beginning of the addresses that it is for."""


class Backstage:
    """Does, as somebody who may do everything, what must have happened before."""

    def __init__(self, running: RunningService) -> None:
        self.running = running
        self.client = running.client(Role.ADMIN)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a request answers that must succeed."""
        answer = await self.client.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def walk(
        self, path: str, way: list[str], bodies: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """These commands, one after the other, each with its body."""
        for command in way:
            await self.post(f"{path}/{command}", bodies.get(command, {}))


def unless_retired(command: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a PUT must hold to say something of this very thing."""
    return {} if command == "retire" else body
