"""Tells the story: a plain sentence, the call that made it true, and what came of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import typer

from shared.client import AsyncClient, new_client

T = TypeVar("T")

_PATIENCE = 60.0


class Unexpected(Exception):
    """The system answered otherwise than the story tells."""


class Teller:
    """Calls one origin as different people and says what it does."""

    def __init__(self, url: str, tokens: dict[str, str]) -> None:
        self.url = url
        self._tokens = tokens
        self._clients: dict[str, AsyncClient] = {}
        self._step = 0

    def say(self, sentence: str) -> None:
        """A step of the story."""
        self._step += 1
        typer.echo(f"\n{self._step:2}. {sentence}")

    def note(self, line: str) -> None:
        """What came of it."""
        typer.echo(f"      {line}")

    def token(self, role: str) -> str:
        """The token of a role's demo person."""
        return self._tokens[role]

    async def post(self, role: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A command; shows the call."""
        return await self._call(role, "POST", path, body or {})

    async def get(self, role: str, path: str) -> Any:
        """A read; shows the call."""
        return await self._call(role, "GET", path, None)

    async def look(self, role: str, path: str) -> Any:
        """A read that is not part of the story."""
        answer = await self._client(role).get(path)
        return answer.json() if answer.status_code == 200 else None

    async def until(self, what: str, find: Callable[[], Awaitable[T | None]]) -> T:
        """Wait for what other services do by themselves. Raises Unexpected after a minute."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while (found := await find()) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise Unexpected(f"waited a minute for {what}")
            await asyncio.sleep(0.1)
        return found

    async def close(self) -> None:
        """Let the connections go."""
        for client in self._clients.values():
            await client.aclose()

    async def _call(self, role: str, method: str, path: str, body: Any) -> Any:
        shown = "" if body is None else f" {json.dumps(body)}"
        self.note(f"{role}: {method} {path}{shown}")
        answer = await self._client(role).request(method, path, json=body)
        if answer.status_code >= 400:
            raise Unexpected(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json()

    def _client(self, role: str) -> AsyncClient:
        if role not in self._clients:
            self._clients[role] = new_client(base_url=self.url)
            self._clients[role].headers["authorization"] = f"Bearer {self._tokens[role]}"
        return self._clients[role]
