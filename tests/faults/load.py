"""Clients that write all the time and remember what they were promised."""

import asyncio
import random
from dataclasses import dataclass, field
from uuid import uuid4

from shared.client import AsyncClient, HTTPError

TRY_AGAIN = {502, 503, 504}


@dataclass
class History:
    """What the clients were answered: correlation ids of commands, by how they ended."""

    acknowledged: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unexpected: list[tuple[int, str]] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)


async def write(client: AsyncClient, history: History, stop: asyncio.Event, seed: int) -> None:
    """Declare and note until told to stop; each command is repeated until somebody answers."""
    chance = random.Random(seed)
    while not stop.is_set():
        if history.incidents and chance.random() < 0.7:
            path = f"/v1/incidents/{chance.choice(history.incidents)}/note"
            await _command(client, history, path, {"text": f"note {uuid4()}"})
        else:
            body = {"title": f"incident {seed}", "description": "under load", "service": "checkout"}
            declared = await _command(client, history, "/v1/incidents", body)
            if declared is not None:
                history.incidents.append(declared)
        await asyncio.sleep(0.005)


async def _command(
    client: AsyncClient, history: History, path: str, body: dict[str, str]
) -> str | None:
    """The id in the answer; None where the command got none within two minutes."""
    correlation = str(uuid4())
    headers = {"idempotency-key": correlation, "x-correlation-id": correlation}
    for _ in range(600):
        try:
            answer = await client.post(path, json=body, headers=headers)
        except HTTPError:
            await asyncio.sleep(0.2)
            continue
        if answer.status_code in TRY_AGAIN:
            await asyncio.sleep(0.2)
            continue
        if answer.status_code not in (200, 201):
            history.unexpected.append((answer.status_code, answer.text))
            return None
        history.acknowledged.append(correlation)
        return str(answer.json()["id"])
    history.unknown.append(correlation)
    return None
