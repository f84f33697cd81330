"""Scenes at addresses of other products, where a key may be anywhere and an alert is told first."""

from shared.client import AsyncClient
from tests.contracts.scene import Staged

TOLD = {"summary": "Full", "source": "db-1", "severity": "info", "timestamp": None}
EVENT = {"event_action": "trigger", "dedup_key": "db-1", "payload": TOLD}


async def original(client: AsyncClient, path: str) -> Staged:
    """The scene for such an address."""
    key = await new_key(client)
    address = {"secret": key} if "{secret}" in path else {}
    if path.endswith("/enqueue"):
        event = {"payload": TOLD} if path.endswith("/change/enqueue") else EVENT
        return Staged(address, event | {"routing_key": key})
    body = {"note": "Seen"} if path.endswith("/notes") else {}
    return Staged(address | await _of_an_alert(client, path), body)


async def new_key(client: AsyncClient) -> str:
    """An API key of a monitor."""
    answer = await client.post("/v1/api-keys", json={"name": "Monitor", "roles": ["service"]})
    assert answer.is_success, answer.text
    return next(told for told in map(str, answer.json().values()) if told.startswith("tocsin_"))


async def _of_an_alert(client: AsyncClient, path: str) -> dict[str, str]:
    """The names of an alert, as far as the address has holes for them."""
    if "{identifier" not in path and "{request_id}" not in path:
        return {}
    asking = (await client.post("/v2/alerts", json={"message": "Full"})).json()["requestId"]
    found = await client.get(f"/v2/alerts/requests/{asking}")
    known = {"identifier": found.json()["data"]["alertId"], "request_id": asking}
    return {hole: name for hole, name in known.items() if f"{{{hole}}}" in path}
