"""The import of problems as its user runs it, and what the API says of it afterwards."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.bpi.facts import Row
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import client_at, listening
from tests.uci.importing import Done, imported


class Ground(NamedTuple):
    """A running problem service, and how to import into it."""

    service: RunningService
    base: str
    reader: AsyncClient

    async def run(self, file: Path, *words: str) -> Done:
        """The command."""
        token = self.service.token(Role.SERVICE)
        return await imported(file, self.base, token, *words, log="bpi-problems")


@asynccontextmanager
async def opened(databases: Databases) -> AsyncIterator[Ground]:
    """The problem service behind the real server, and one who reads everything."""
    async with (
        listening("problem", databases) as (service, base),
        client_at(base, service, Role.AUDITOR) as reader,
    ):
        yield Ground(service, base, reader)


async def listed(reader: AsyncClient, **query: Any) -> dict[str, dict[str, Any]]:
    """All imported problems, by the source's reference."""
    found: dict[str, dict[str, Any]] = {}
    asked = {"imported": True, "limit": 200} | query
    while True:
        answer = await reader.get("/v1/problems", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found |= {each["external_ref"]: each for each in page["items"]}
        if page["next_cursor"] is None:
            return found
        asked = asked | {"cursor": page["next_cursor"]}


async def retold(reader: AsyncClient, problem: str) -> list[Row]:
    """The source's rows as our events tell them; groups are told by their changes."""
    answer = await reader.get(f"/v1/problems/{problem}/events", params={"limit": 200})
    assert answer.json()["next_cursor"] is None
    rows: list[Row] = []
    group = ""
    for each in answer.json()["items"]:
        data = each["data"]
        group = data.get("group", group)
        if stated := data.get("origin", {}).get("stated"):
            at = datetime.fromisoformat(data["origin"]["at"])
            rows.append(Row(at, stated["activity"], data["origin"]["by"], group))
        elif rows:
            rows[-1] = rows[-1]._replace(group=group)
    return rows


def outcomes(problems: dict[str, dict[str, Any]]) -> Counter[str]:
    """How many end in which status."""
    return Counter(each["status"] for each in problems.values())
